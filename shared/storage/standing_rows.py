"""What an operator's standing is read from: index rows are counted, never what they point at, and the log's newest."""

from collections.abc import AsyncIterator
from datetime import datetime

from shared.all_of import all_of
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry
from shared.sessions import SessionList, SessionStatus

from .logbook import LOG_ENTRY
from .newest_first import newest_first_rows
from .rows import Rows, range_below

# Of each partition: more at once is fewer rounds, and a busy day's log is looked through in two or three.
_ENTRIES_AT_ONCE = 150


class StandingRows:
    """See `shared.connection.StandingStore`. One small query for each of an operator's partitions at a time."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def sessions_in(self, *, home: OperatorHome, listed: SessionStatus | SessionList, most: int) -> int:
        """See `StandingStore.sessions_in`."""
        return await self._below(home, "session-by-status", listed, most=most)

    async def drivers(self, *, home: OperatorHome, most: int) -> int:
        """See `StandingStore.drivers`."""
        return await self._below(home, "driver", most=most)

    async def newest_entries(self, *, home: OperatorHome, since: datetime) -> AsyncIterator[LogEntry]:
        """See `StandingStore.newest_entries`."""
        rows = newest_first_rows(self._rows, home=home, index=("log",), since=since, page=_ENTRIES_AT_ONCE)
        async for _, row in rows:
            yield LOG_ENTRY.validate_json(row.text)

    async def _below(self, home: OperatorHome, *index: str, most: int) -> int:
        first, before = range_below(*index)
        found = await all_of(
            self._rows.query(partition=partition, first=first, before=before, limit=most)
            for partition in home.partitions()
        )
        return min(sum(map(len, found)), most)
