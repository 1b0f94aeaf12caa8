"""Sessions, lines and deliveries: written together, read together."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime

from pydantic import TypeAdapter

from shared.billing import Line
from shared.delivery import Attempt, Delivery, DeliveryState, DueItem
from shared.faults import Stored
from shared.identifiers import OperatorHome, root_of
from shared.logbook import LogEntry
from shared.sessions import HeldFor, LineWithDelivery, Reading, Session, SessionList, SessionStatus, Story

from .ledger_rows import (
    ATTEMPT,
    DELIVERY,
    LINE,
    READINGS,
    SESSION,
    Pointer,
    attempt_key,
    delivery_index_changes,
    delivery_key,
    held_index,
    line_changes,
    pointer_of,
    session_index_changes,
    session_key,
)
from .logbook import log_changes
from .newest_first import newest_first_rows, oldest_first_part
from .rows import Change, Insert, Replace, Row, Rows, Upsert, key_of, range_below

_READ_AT_ONCE = 16
_PAGE = 100


class StoredLedger:
    """See `shared.sessions.Ledger` and `Lines`, and `shared.delivery.Outbox`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def story(self, *, home: OperatorHome, session_id: str) -> Story:
        """See `Ledger.story`."""
        first, before = range_below("story", session_id)
        found = await self._rows.query(partition=home.partition(session_id), first=first, before=before)
        kinds: dict[str, list[Row]] = {}
        for row in found:
            kinds.setdefault(row.key.split("|")[2], []).append(row)
        own = kinds.get("session")
        return Story(
            session_id=session_id,
            session=_stored(SESSION, own[0]) if own else None,
            readings=tuple(each for row in kinds.get("reading", ()) for each in READINGS.validate_json(row.text)),
            lines=tuple(LINE.validate_json(row.text) for row in kinds.get("line", ())),
            deliveries=tuple(DELIVERY.validate_json(row.text) for row in kinds.get("delivery", ())),
            attempts=tuple(ATTEMPT.validate_json(row.text) for row in kinds.get("attempt", ())),
        )

    async def record(
        self,
        *,
        home: OperatorHome,
        before: Story,
        session: Session,
        line: Line | None = None,
        delivery: Delivery | None = None,
        entries: tuple[LogEntry, ...] = (),
    ) -> None:
        """See `Ledger.record`."""
        known = before.session
        key, text = session_key(session.session_id), SESSION.dump_json(session, exclude_none=True).decode()
        changes: list[Change] = [
            Replace(key=key, text=text, version=known.version) if known else Insert(key=key, text=text)
        ]
        changes += session_index_changes(known.value if known else None, session)
        if line is not None:
            changes += line_changes(line)
        if delivery is not None:
            own_key = delivery_key(delivery.session_id, delivery.transaction_id)
            changes.append(Insert(key=own_key, text=_text(DELIVERY, delivery)))
            changes += delivery_index_changes(None, delivery)
        for entry in entries:
            changes += log_changes(entry)
        await self._rows.commit(partition=home.partition(session.session_id), changes=changes)

    async def add_readings(self, *, home: OperatorHome, session_id: str, readings: tuple[Reading, ...]) -> None:
        """See `Ledger.add_readings`."""
        text = READINGS.dump_json(readings).decode()
        content = hashlib.sha256(text.encode()).hexdigest()[:16]
        key = key_of("story", session_id, "reading", oldest_first_part(readings[0].at), content)
        await self._rows.commit(partition=home.partition(session_id), changes=[Upsert(key=key, text=text)])

    async def held(self, *, home: OperatorHome, reason: HeldFor, tag: str | None = None) -> AsyncIterator[str]:
        """See `Ledger.held`."""
        first, before = range_below(*held_index(reason, tag))
        async for pointers in self._oldest_first(home, first=first, before=before):
            for each in pointers:
                yield each.session_id

    async def sessions(
        self, *, home: OperatorHome, listed: SessionStatus | SessionList, limit: int, continuation: str | None
    ) -> tuple[list[Session], str | None]:
        """See `Ledger.sessions`."""
        index = ("session-by-status", listed)
        pointers, after = await self._page(home, index, limit=limit, continuation=continuation)
        rows = await self._read_all(
            [(home.partition(each.session_id), session_key(each.session_id)) for each in pointers]
        )
        return [SESSION.validate_json(row.text) for row in rows if row is not None], after

    async def line(self, *, home: OperatorHome, transaction_id: str) -> LineWithDelivery | None:
        """See `Lines.line`."""
        for session_id in dict.fromkeys((root_of(transaction_id), transaction_id)):
            found = _with_delivery(await self.story(home=home, session_id=session_id), transaction_id)
            if found is not None:
                return found
        return None

    async def lines(
        self,
        *,
        home: OperatorHome,
        owner: str | None,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        continuation: str | None,
    ) -> tuple[list[LineWithDelivery], str | None]:
        """See `Lines.lines`."""
        index = ("line-by-owner", owner) if owner is not None else ("line-by-end",)
        pointers, after = await self._page(
            home, index, since=since, until=until, limit=limit, continuation=continuation
        )
        keys = []
        for each in pointers:
            partition, transaction_id = home.partition(each.session_id), each.transaction_id or ""
            keys.append((partition, key_of("story", each.session_id, "line", transaction_id)))
            keys.append((partition, delivery_key(each.session_id, transaction_id)))
        rows = iter(await self._read_all(keys))
        found = [
            LineWithDelivery(line=LINE.validate_json(line.text), delivery=DELIVERY.validate_json(delivery.text))
            for line, delivery in zip(rows, rows, strict=True)
            if line is not None and delivery is not None
        ]
        return found, after

    async def delivery(self, *, home: OperatorHome, session_id: str, transaction_id: str) -> Stored[Delivery] | None:
        """See `Outbox.delivery`."""
        row = await self._rows.read(partition=home.partition(session_id), key=delivery_key(session_id, transaction_id))
        return _stored(DELIVERY, row) if row else None

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
        changes: list[Change] = [Replace(key=key, text=_text(DELIVERY, delivery), version=before.version)]
        changes += delivery_index_changes(before.value, delivery)
        if attempt is not None:
            changes.append(Upsert(key=attempt_key(delivery.session_id, attempt), text=_text(ATTEMPT, attempt)))
        for entry in entries:
            changes += log_changes(entry)
        versions = await self._rows.commit(partition=home.partition(delivery.session_id), changes=changes)
        return Stored(value=delivery, version=versions[key])

    async def deliveries(
        self, *, home: OperatorHome, state: DeliveryState | None, limit: int, continuation: str | None
    ) -> tuple[list[Delivery], str | None]:
        """See `Outbox.deliveries`."""
        index = ("delivery-by-state", state) if state is not None else ("line-by-end",)
        pointers, after = await self._page(home, index, limit=limit, continuation=continuation)
        rows = await self._read_all(
            [
                (home.partition(each.session_id), delivery_key(each.session_id, each.transaction_id or ""))
                for each in pointers
            ]
        )
        return [DELIVERY.validate_json(row.text) for row in rows if row is not None], after

    async def due(self, *, home: OperatorHome, now: datetime) -> AsyncIterator[list[DueItem]]:
        """See `shared.delivery.Agenda.due`."""
        first, _ = range_below("due")
        async for pointers in self._oldest_first(home, first=first, before=first + oldest_first_part(now) + "}"):
            yield [DueItem(session_id=each.session_id, transaction_id=each.transaction_id) for each in pointers]

    async def _oldest_first(self, home: OperatorHome, *, first: str, before: str) -> AsyncIterator[list[Pointer]]:
        """What a range of an index points at, over all partitions, in the order of keys, page by page."""
        while first < before:
            pages = await asyncio.gather(
                *(
                    self._rows.query(partition=partition, first=first, before=before, limit=_PAGE)
                    for partition in home.partitions()
                )
            )
            rows = sorted((row for page in pages for row in page), key=lambda row: row.key)[:_PAGE]
            if rows:
                yield [pointer_of(row.text) for row in rows]
            if len(rows) < _PAGE:
                return
            first = rows[-1].key + "!"

    async def _page(
        self,
        home: OperatorHome,
        index: tuple[str, ...],
        *,
        limit: int,
        continuation: str | None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[list[Pointer], str | None]:
        found: list[Pointer] = []
        last: str | None = None
        rows = newest_first_rows(
            self._rows,
            home=home,
            index=index,
            since=since,
            until=until,
            continuation=continuation,
            page=min(limit + 1, 1000),
        )
        async for position, row in rows:
            if len(found) == limit:
                return found, last
            found.append(pointer_of(row.text))
            last = position
        return found, None

    async def _read_all(self, keys: list[tuple[str, str]]) -> list[Row | None]:
        at_once = asyncio.Semaphore(_READ_AT_ONCE)

        async def read(partition: str, key: str) -> Row | None:
            async with at_once:
                return await self._rows.read(partition=partition, key=key)

        return await asyncio.gather(*(read(partition, key) for partition, key in keys))


def _stored[T](adapter: TypeAdapter[T], row: Row) -> Stored[T]:
    return Stored(value=adapter.validate_json(row.text), version=row.version)


def _text[T](adapter: TypeAdapter[T], value: T) -> str:
    return adapter.dump_json(value, exclude_none=True).decode()


def _with_delivery(story: Story, transaction_id: str) -> LineWithDelivery | None:
    line = next((each for each in story.lines if each.transaction_id == transaction_id), None)
    delivery = next((each for each in story.deliveries if each.transaction_id == transaction_id), None)
    return LineWithDelivery(line=line, delivery=delivery) if line is not None and delivery is not None else None
