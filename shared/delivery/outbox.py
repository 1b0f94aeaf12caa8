"""Where deliveries wait, and what is to be done when."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry

from .delivery import Attempt, Delivery, DeliveryState


@dataclass(frozen=True, kw_only=True)
class DueItem:
    """Something whose time has come: a delivery, or without a transaction id a held session."""

    session_id: str
    transaction_id: str | None


class Agenda(Protocol):
    """What is to be done when. Each is one small query per page and partition, and raises StorageUnavailable."""

    def due(self, *, home: OperatorHome, now: datetime) -> AsyncIterator[list[DueItem]]:
        """What is due by `now`, the longest due first, page by page, each thing once, done or not meanwhile."""
        ...

    def blocked(self, *, home: OperatorHome) -> AsyncIterator[list[DueItem]]:
        """Blocked deliveries, the oldest first, the same way."""
        ...


class Outbox(Protocol):
    """Where deliveries wait. Everything raises StorageUnavailable, what writes RowConflict."""

    async def delivery(self, *, home: OperatorHome, session_id: str, transaction_id: str) -> Stored[Delivery] | None:
        """One point read."""
        ...

    async def record_delivery(
        self,
        *,
        home: OperatorHome,
        before: Stored[Delivery],
        delivery: Delivery,
        attempt: Attempt | None = None,
        entries: tuple[LogEntry, ...] = (),
    ) -> Stored[Delivery]:
        """The delivery, its place in the lists, the attempt and the log entries at once, if it is still as `before`."""
        ...

    async def deliveries(
        self, *, home: OperatorHome, state: DeliveryState | None, limit: int, continuation: str | None
    ) -> tuple[list[Delivery], str | None]:
        """Deliveries in a state, or all, newest first, and what to continue with. Raises ContinuationUnreadable."""
        ...
