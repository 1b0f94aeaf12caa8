"""What somebody may have to be told of, and where it is seen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.delivery import Blockade, DeliveryState
from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.reconciliation import Reconciled

MOST = 10_000
"""So many of one kind are looked at: what lies beyond is told of when some of them are gone."""


@dataclass(frozen=True, kw_only=True)
class Concern:
    """One thing. `concern_id` tells it from all others of its kind and operator, `text` is how it is told."""

    concern_id: str
    at: datetime
    text: str


class BlockadesNow(Protocol):
    """The blockades. Raises StorageUnavailable."""

    async def every(self) -> dict[str, Stored[Blockade]]:
        """The last blockade of each operator by GLN, released ones too, in one query."""
        ...


class LedgerConcerns(Protocol):
    """What an operator's ledger has that waits for a person, by its indexes alone: at most `MOST` of each.

    Everything raises StorageUnavailable.
    """

    async def lines_in(self, *, home: OperatorHome, state: DeliveryState) -> list[Concern]:
        """Lines whose delivery is in a state, by their ids, the newest if there are too many."""
        ...

    async def held_sessions(self, *, home: OperatorHome, since_before: datetime) -> list[Concern]:
        """Sessions that are held since then or longer."""
        ...

    async def missing_shares(self, *, home: OperatorHome) -> list[Concern]:
        """Lines that went without their revenue share's id, the newest if there are too many."""
        ...


class ReconciledDays(Protocol):
    """Results of reconciliation. Raises StorageUnavailable."""

    async def latest(
        self, *, home: OperatorHome, limit: int, continuation: str | None
    ) -> tuple[list[Reconciled], str | None]:
        """The latest days' results, newest first."""
        ...
