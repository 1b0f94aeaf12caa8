"""Deliveries, how far they have come, and what is due."""

from collections.abc import AsyncIterator
from datetime import datetime

from shared.delivery import Attempt, Delivery, DeliveryState, DueItem
from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry

from .ledger_rows import ATTEMPT, BLOCKED, DELIVERY, attempt_key, delivery_index_changes, delivery_key
from .logbook import log_changes
from .newest_first import oldest_first_part
from .pointers import Pointers
from .rows import Change, Replace, Rows, Upsert, range_below
from .stored_text import stored, text_of


class StoredOutbox:
    """See `shared.delivery.Outbox` and `shared.delivery.Agenda`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows
        self._pointers = Pointers(rows=rows)

    async def delivery(self, *, home: OperatorHome, session_id: str, transaction_id: str) -> Stored[Delivery] | None:
        """See `Outbox.delivery`."""
        row = await self._rows.read(partition=home.partition(session_id), key=delivery_key(session_id, transaction_id))
        return stored(DELIVERY, row) if row else None

    async def record_delivery(
        self,
        *,
        home: OperatorHome,
        before: Stored[Delivery],
        delivery: Delivery,
        attempt: Attempt | None = None,
        entries: tuple[LogEntry, ...] = (),
    ) -> Stored[Delivery]:
        """See `Outbox.record_delivery`."""
        key = delivery_key(delivery.session_id, delivery.transaction_id)
        changes: list[Change] = [Replace(key=key, text=text_of(DELIVERY, delivery), version=before.version)]
        changes += delivery_index_changes(before.value, delivery)
        if attempt is not None:
            changes.append(Upsert(key=attempt_key(delivery.session_id, attempt), text=text_of(ATTEMPT, attempt)))
        for entry in entries:
            changes += log_changes(entry)
        versions = await self._rows.commit(partition=home.partition(delivery.session_id), changes=changes)
        return Stored(value=delivery, version=versions[key])

    async def deliveries(
        self, *, home: OperatorHome, state: DeliveryState | None, limit: int, continuation: str | None
    ) -> tuple[list[Delivery], str | None]:
        """See `Outbox.deliveries`."""
        index = ("delivery-by-state", state) if state is not None else ("line-by-end",)
        pointers, after = await self._pointers.page(home, index, limit=limit, continuation=continuation)
        rows = await self._pointers.read_all(
            [
                (home.partition(each.session_id), delivery_key(each.session_id, each.transaction_id or ""))
                for each in pointers
            ]
        )
        return [DELIVERY.validate_json(row.text) for row in rows if row is not None], after

    async def due(self, *, home: OperatorHome, now: datetime) -> AsyncIterator[list[DueItem]]:
        """See `shared.delivery.Agenda.due`."""
        first, _ = range_below("due")
        async for pointers in self._pointers.oldest_first(
            home, first=first, before=first + oldest_first_part(now) + "}"
        ):
            yield [DueItem(session_id=each.session_id, transaction_id=each.transaction_id) for each in pointers]

    async def blocked(self, *, home: OperatorHome) -> AsyncIterator[list[DueItem]]:
        """See `shared.delivery.Agenda.blocked`."""
        first, before = range_below(BLOCKED)
        async for pointers in self._pointers.oldest_first(home, first=first, before=before):
            yield [DueItem(session_id=each.session_id, transaction_id=each.transaction_id) for each in pointers]
