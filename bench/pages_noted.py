"""What a page asks of storage, noted while it is opened in this process over rows in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.floor.step import Query, Read
from shared.storage.rows import Change, Row, Rows


@dataclass
class Notes:
    """Reads and ranges in groups; one that begins before another one has ended belongs to the same group."""

    groups: list[list[Read | Query]] = field(default_factory=list)
    rows: int = 0
    _under_way: int = 0

    @property
    def operations(self) -> int:
        """How many there were."""
        return sum(map(len, self.groups))

    @property
    def ranges(self) -> int:
        """How many of these were ranges."""
        return sum(isinstance(step, Query) for group in self.groups for step in group)

    def forget(self) -> None:
        """Nothing was asked yet."""
        self.groups.clear()
        self.rows = 0

    @asynccontextmanager
    async def note(self, step: Read | Query) -> AsyncIterator[None]:
        """Around what the step does."""
        if self._under_way == 0:
            self.groups.append([])
        self.groups[-1].append(step)
        self._under_way += 1
        try:
            await asyncio.sleep(0)  # whoever asks at the same time begins now
            yield
        finally:
            self._under_way -= 1


@dataclass(frozen=True, kw_only=True)
class NotedRows:
    """See `Rows`. Somebody who looks at a page writes nothing, and does not here."""

    table: str
    rows: Rows
    notes: Notes

    async def read(self, *, partition: str, key: str) -> Row | None:
        """See `Rows.read`."""
        async with self.notes.note(Read(table=self.table, partition=partition, key=key)):
            row = await self.rows.read(partition=partition, key=key)
        self.notes.rows += row is not None
        return row

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        """See `Rows.query`."""
        step = Query(table=self.table, partition=partition, first=first, before=before, limit=limit)
        async with self.notes.note(step):
            found = await self.rows.query(partition=partition, first=first, before=before, limit=limit)
        self.notes.rows += len(found)
        return found

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """See `Rows.commit`. Raises AssertionError."""
        raise AssertionError(f"a look at a page writes {[change.key for change in changes]}")
