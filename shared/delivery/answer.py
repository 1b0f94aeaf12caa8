"""What came of an attempt. Who sends decides; nothing else decides about another try."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Protocol

from shared.logbook import LogEntry
from shared.operators import Operator

from .blockade import BlockKind
from .delivery import Delivery


class Outcome(Enum):
    """What came of an attempt."""

    ARRIVED = auto()
    REFUSED = auto()
    OPERATOR_REFUSED = auto()
    FAILED_FOR_NOW = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of an attempt, in words, and every request that was made for it, for the log.

    `may_be_there`: it was refused because something is there already under its id. `was_looked_up`: before it was sent
    it was asked for and not there, so that no earlier attempt has arrived. `kind` says what of the operator's
    was refused, if that is what happened.
    """

    outcome: Outcome
    explanation: str
    response_code: int | None = None
    may_be_there: bool = False
    was_looked_up: bool = False
    kind: BlockKind | None = None
    retry_after: timedelta | None = None
    entries: tuple[LogEntry, ...] = ()


class Outbound(Protocol):
    """Sends to one kind of destination. Never raises for what the other side does or does not."""

    async def send(self, *, operator: Operator, delivery: Delivery) -> Answer:
        """One attempt, well within SENDER_GIVEN_UP_AFTER."""
        ...

    async def ask_for_token(self, *, operator: Operator, reference_id: str) -> Answer:
        """One request for a fresh token and nothing else: ARRIVED, OPERATOR_REFUSED or FAILED_FOR_NOW."""
        ...
