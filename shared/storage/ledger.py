"""Sessions and what became of them, written together."""

import hashlib
from collections.abc import AsyncIterator

from shared.billing import Line
from shared.delivery import Delivery
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry
from shared.sessions import (
    Comparison,
    FollowUp,
    HeldFor,
    Reading,
    Session,
    SessionList,
    SessionStatus,
    Story,
    Withdrawal,
)

from .claim_rows import claim_change
from .ledger_rows import (
    DELIVERY,
    READINGS,
    SESSION,
    comparison_changes,
    delivery_index_changes,
    delivery_key,
    held_index,
    line_changes,
    session_index_changes,
    session_key,
    share_missing_key,
)
from .logbook import log_changes
from .newest_first import oldest_first_part
from .rows import Change, Delete, Insert, Replace, Upsert, key_of, range_below
from .stored_text import text_of
from .stories import StoredStories


class StoredLedger(StoredStories):
    """See `shared.sessions.Ledger`."""

    async def record(
        self,
        *,
        home: OperatorHome,
        before: Story,
        session: Session,
        line: Line | None = None,
        delivery: Delivery | None = None,
        comparison: Comparison | None = None,
        entries: tuple[LogEntry, ...] = (),
        claims: bool = False,
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
            changes += _new_delivery(delivery)
        if comparison is not None:
            changes += comparison_changes(before.comparison, comparison)
        if claims and session.stop is not None:
            changes.append(claim_change(session.session_id, session.stop))
        for entry in entries:
            changes += log_changes(entry)
        await self._rows.commit(partition=home.partition(session.session_id), changes=changes)

    async def record_follow_up(self, *, home: OperatorHome, before: Story, follow_up: FollowUp) -> None:
        """See `Ledger.record_follow_up`."""
        session, known = follow_up.session, before.session
        if known is None:
            raise ValueError(f"nothing can follow a line of {before.session_id}: there is no session")
        partition, key = home.partition(session.session_id), session_key(session.session_id)
        changes: list[Change] = [Replace(key=key, text=text_of(SESSION, session), version=known.version)]
        changes += session_index_changes(known.value, session)
        for line in follow_up.lines:
            changes += line_changes(line)
        for delivery in follow_up.deliveries:
            changes += _new_delivery(delivery)
        if follow_up.withdrawal is not None:
            changes += _withdrawn(follow_up.withdrawal)
        if follow_up.comparison is not None:
            changes += comparison_changes(before.comparison, follow_up.comparison)
        missing = share_missing_key(follow_up.line)
        if missing is not None and await self._rows.read(partition=partition, key=missing) is not None:
            changes.append(Delete(key=missing))
        for entry in follow_up.entries:
            changes += log_changes(entry)
        await self._rows.commit(partition=partition, changes=changes)

    async def add_readings(self, *, home: OperatorHome, session_id: str, readings: tuple[Reading, ...]) -> None:
        """See `Ledger.add_readings`."""
        text = READINGS.dump_json(readings).decode()
        content = hashlib.sha256(text.encode()).hexdigest()[:16]
        key = key_of("story", session_id, "reading", oldest_first_part(readings[0].at), content)
        await self._rows.commit(partition=home.partition(session_id), changes=[Upsert(key=key, text=text)])

    async def held(self, *, home: OperatorHome, reason: HeldFor, tag: str | None = None) -> AsyncIterator[str]:
        """See `Ledger.held`."""
        first, before = range_below(*held_index(reason, tag))
        async for pointers in self._pointers.oldest_first(home, first=first, before=before):
            for each in pointers:
                yield each.session_id

    async def sessions(
        self, *, home: OperatorHome, listed: SessionStatus | SessionList, limit: int, continuation: str | None
    ) -> tuple[list[Session], str | None]:
        """See `Ledger.sessions`."""
        index = ("session-by-status", listed)
        pointers, after = await self._pointers.page(home, index, limit=limit, continuation=continuation)
        rows = await self._pointers.read_all(
            [(home.partition(each.session_id), session_key(each.session_id)) for each in pointers]
        )
        return [SESSION.validate_json(row.text) for row in rows if row is not None], after


def _new_delivery(delivery: Delivery) -> list[Change]:
    key = delivery_key(delivery.session_id, delivery.transaction_id)
    return [Insert(key=key, text=text_of(DELIVERY, delivery)), *delivery_index_changes(None, delivery)]


def _withdrawn(withdrawal: Withdrawal) -> list[Change]:
    before, after = withdrawal.before, withdrawal.after
    key = delivery_key(after.session_id, after.transaction_id)
    return [
        Replace(key=key, text=text_of(DELIVERY, after), version=before.version),
        *delivery_index_changes(before.value, after),
    ]
