"""How much there is: index rows are counted, never what they point at."""

from shared.all_of import all_of
from shared.identifiers import OperatorHome
from shared.sessions import SessionList, SessionStatus

from .rows import Rows, range_below


class CountedRows:
    """See `shared.connection.Counts`. One small query for each of an operator's partitions."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def sessions_in(self, *, home: OperatorHome, listed: SessionStatus | SessionList, most: int) -> int:
        """See `Counts.sessions_in`."""
        return await self._below(home, "session-by-status", listed, most=most)

    async def drivers(self, *, home: OperatorHome, most: int) -> int:
        """See `Counts.drivers`."""
        return await self._below(home, "driver", most=most)

    async def _below(self, home: OperatorHome, *index: str, most: int) -> int:
        first, before = range_below(*index)
        found = await all_of(
            self._rows.query(partition=partition, first=first, before=before, limit=most)
            for partition in home.partitions()
        )
        return min(sum(map(len, found)), most)
