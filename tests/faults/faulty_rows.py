"""Rows in memory, each of whose operations is a point at which things go wrong."""

import asyncio
from collections.abc import Sequence

from shared.faults import StorageUnavailable
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Change, Row
from tests.faults.fault_points import FaultPoints


class FaultyRows(MemoryRows):
    """See `shared.storage.rows.Rows`. Lets others run before each operation, as every store over a network does."""

    def __init__(self, *, points: FaultPoints, name: str) -> None:
        super().__init__()
        self._points = points
        self._name = name

    async def read(self, *, partition: str, key: str) -> Row | None:
        """See `Rows.read`."""
        await asyncio.sleep(0)
        return await self._points.at(
            f"{self._name}: read", lambda: super(FaultyRows, self).read(partition=partition, key=key), away=_away
        )

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        """See `Rows.query`."""
        await asyncio.sleep(0)
        return await self._points.at(
            f"{self._name}: query",
            lambda: super(FaultyRows, self).query(partition=partition, first=first, before=before, limit=limit),
            away=_away,
        )

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """See `Rows.commit`."""
        await asyncio.sleep(0)
        return await self._points.at(
            f"{self._name}: commit",
            lambda: super(FaultyRows, self).commit(partition=partition, changes=changes),
            away=_away,
        )


def _away(_: bool) -> Exception:
    return StorageUnavailable(detail="told to be away")
