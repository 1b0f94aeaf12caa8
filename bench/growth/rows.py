"""A store with a past: the in-memory twin over rows that are cast when they are read, counting what it is asked."""

from array import array
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence

from bench.growth.mould import Mould
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Change, Delete, Row

_NUMBERS = 32  # bits


class _Past:
    """One partition's. Each key is there, whole and in order; of the text only what it is cast from."""

    def __init__(self) -> None:
        self.casts: dict[str, int] = {}
        self.keys: list[str] = []
        self._moulds: list[Mould] = []
        self._cast: dict[str, Row] = {}

    def add(self, mould: Mould, numbers: Sequence[int]) -> None:
        first = len(self._moulds) << _NUMBERS
        self._moulds.append(mould)
        before = len(self.casts)
        self.casts.update(zip(mould.keys(numbers), map(first.__or__, numbers), strict=True))
        assert len(self.casts) == before + len(numbers), "two rows of the past have the same key"

    def row(self, key: str) -> Row | None:
        cast = self.casts.get(key)
        if cast is None:
            return None
        row = self._cast.get(key)
        if row is None:
            number = cast & ((1 << _NUMBERS) - 1)
            row = self._cast[key] = self._moulds[cast >> _NUMBERS].row(key, number)
        return row

    def range(self, first: str, before: str, limit: int | None) -> Iterator[Row]:
        start, end = bisect_left(self.keys, first), bisect_left(self.keys, before)
        for key in self.keys[start : end if limit is None else min(end, start + limit)]:
            row = self.row(key)
            assert row is not None
            yield row


class RowsWithPast(MemoryRows):
    """See `Rows`. The present lies over the past, of which nothing can be deleted.

    A row that was read once is kept as it was cast, so that from then on it costs what a row of `MemoryRows` costs.
    """

    def __init__(self) -> None:
        super().__init__()
        self._past: dict[str, _Past] = defaultdict(_Past)
        self.operations = 0
        self.rows_returned = 0

    def lay_down(self, moulds: Sequence[Mould]) -> None:
        """Casts every mould for all of its others."""
        numbers: dict[int, dict[str, array[int]]] = {}
        for mould in moulds:
            homes = numbers.get(id(mould.partitions))
            if homes is None:
                homes = numbers[id(mould.partitions)] = defaultdict(lambda: array("L"))
                for number, partition in enumerate(mould.partitions):
                    homes[partition].append(number)
            for partition, there in homes.items():
                self._past[partition].add(mould, there)

    def close_past(self) -> int:
        """To be called when all of it has been laid down; says how many rows it has."""
        for past in self._past.values():
            past.keys = sorted(past.casts)
        return sum(len(past.keys) for past in self._past.values())

    def forget_the_present(self) -> None:
        """Only the past is left."""
        self._partitions.clear()

    def everything(self) -> Iterator[tuple[str, str]]:
        """Partition and key of every row there is, partition by partition, in order."""
        for partition, past in self._past.items():
            yield from ((partition, key) for key in past.keys)
        for partition, present in self._partitions.items():
            yield from ((partition, key) for key in present.keys)

    async def read(self, *, partition: str, key: str) -> Row | None:
        """See `Rows.read`."""
        row = await super().read(partition=partition, key=key) or self._past[partition].row(key)
        self.operations += 1
        self.rows_returned += row is not None
        return row

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        """See `Rows.query`."""
        rows = list(self._past[partition].range(first, before, limit))
        present = await super().query(partition=partition, first=first, before=before, limit=limit)
        if present:
            latest = {row.key: row for row in (*rows, *present)}
            rows = [latest[key] for key in sorted(latest)[:limit]]
        self.operations += 1
        self.rows_returned += len(rows)
        return rows

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """See `Rows.commit`."""
        self.operations += 1
        past, present = self._past[partition], self._partitions[partition]
        for change in changes:
            if change.key in past.casts and change.key not in present.rows:
                if isinstance(change, Delete):
                    raise RuntimeError(f"{change.key} belongs to the past, of which nothing can be deleted")
                row = past.row(change.key)
                assert row is not None
                present.rows[change.key] = row
                insort(present.keys, change.key)
        return await super().commit(partition=partition, changes=changes)
