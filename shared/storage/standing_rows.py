"""What an operator's standing is read from: index rows are counted, never what they point at, and the log's newest."""

from collections.abc import AsyncIterator
from datetime import datetime

from shared.all_of import all_of
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry
from shared.sessions import SessionList, SessionStatus

from .keys_by_kind import keys_by_kind
from .ledger_rows import SHARE_MISSING
from .logbook import LOG_ENTRY
from .newest_first import newest_first_rows
from .rows import Rows, range_below

# Of each partition: all that is looked at of a busy day, mostly in one round.
_ENTRIES_AT_ONCE = 300


class StandingRows:
    """See `shared.connection.StandingStore`. One small query for each of an operator's partitions at a time."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def sessions_for_a_person(self, *, home: OperatorHome, most: int) -> tuple[int, int]:
        """See `StandingStore.sessions_for_a_person`."""
        parts = await all_of(
            keys_by_kind(
                self._rows,
                partition=partition,
                index="session-by-status",
                most=most,
                first_kind=SessionList.CONFLICT,
                last_kind=SessionStatus.HELD,
            )
            for partition in home.partitions()
        )
        held, conflicts = (
            min(sum(len(part.get(kind, ())) for part in parts), most)
            for kind in (SessionStatus.HELD, SessionList.CONFLICT)
        )
        return held, conflicts

    async def missing_shares(self, *, home: OperatorHome, most: int) -> int:
        """See `StandingStore.missing_shares`."""
        first, before = range_below(SHARE_MISSING)
        parts = await all_of(
            self._rows.query(partition=partition, first=first, before=before, limit=most)
            for partition in home.partitions()
        )
        return min(sum(map(len, parts)), most)

    async def has_driver(self, *, home: OperatorHome) -> bool:
        """See `StandingStore.has_driver`."""
        first, before = range_below("driver")
        for partition in home.partitions():  # one after the other: mostly the first one has some
            if await self._rows.query(partition=partition, first=first, before=before, limit=1):
                return True
        return False

    async def newest_entries(self, *, home: OperatorHome, since: datetime) -> AsyncIterator[LogEntry]:
        """See `StandingStore.newest_entries`."""
        rows = newest_first_rows(self._rows, home=home, index=("log",), since=since, page=_ENTRIES_AT_ONCE)
        async for _, row in rows:
            yield LOG_ENTRY.validate_json(row.text)
