"""Use case: what lies in the dead-letter queue is tried again, because the reason may have passed."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from shared.drivers import ClaimPending
from shared.faults import RowConflict

from .event import Envelope, PoisonEvent
from .provisioning import Provisioning

_log = logging.getLogger(__name__)


class DeadLetters(Protocol):
    """The dead-letter queue of the contract events."""

    async def work_through(self, handle: Callable[[Envelope], Awaitable[bool]]) -> tuple[int, int]:
        """Hands each message over once; what `handle` says is done is removed, the rest stays. Gives both numbers.

        What `handle` raises ends the walk, and is raised.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Redrive:
    """Runs the checks again: an RFID set free or an operator set up since lets an event pass. Poison stays.

    `patience_seconds` is for each message: the locks of those behind it run meanwhile, and the timer comes again.
    """

    dead_letters: DeadLetters
    provisioning: Provisioning
    patience_seconds: float = 10.0

    async def run(self) -> tuple[int, int]:
        """How many events were carried out, and how many stay. Raises StorageUnavailable: then it is not the time."""
        done, left = await self.dead_letters.work_through(self._carry_out)
        if done or left:
            _log.info("dead letters: %d carried out, %d stay", done, left)
        return done, left

    async def _carry_out(self, envelope: Envelope) -> bool:
        try:
            await replace(self.provisioning, patience_seconds=self.patience_seconds).carry_out(envelope)
        except (PoisonEvent, ClaimPending, RowConflict):
            return False
        return True
