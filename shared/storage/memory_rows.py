"""The in-memory twin of Azure Tables: same contract, nothing survives the process."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from .rows import Change, Delete, Insert, Replace, Row, RowConflict, check_changes


@dataclass
class _Partition:
    rows: dict[str, Row] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)


class MemoryRows:
    """Rows in a dictionary per partition."""

    def __init__(self) -> None:
        self._partitions: dict[str, _Partition] = defaultdict(_Partition)
        self._writes = 0

    async def read(self, *, partition: str, key: str) -> Row | None:
        """See `Rows.read`."""
        return self._partitions[partition].rows.get(key)

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        """See `Rows.query`."""
        held = self._partitions[partition]
        start, end = bisect_left(held.keys, first), bisect_left(held.keys, before)
        if limit is not None:
            end = min(end, start + limit)
        return [held.rows[key] for key in held.keys[start:end]]

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """See `Rows.commit`."""
        check_changes(changes)
        held = self._partitions[partition]
        if any(not _fits(change, held.rows.get(change.key)) for change in changes):
            raise RowConflict(partition=partition)
        for change in changes:
            self._apply(change, held)
        return {change.key: held.rows[change.key].version for change in changes if not isinstance(change, Delete)}

    def _apply(self, change: Change, held: _Partition) -> None:
        if isinstance(change, Delete):
            del held.rows[change.key]
            held.keys.pop(bisect_left(held.keys, change.key))
            return
        self._writes += 1
        if change.key not in held.rows:
            insort(held.keys, change.key)
        held.rows[change.key] = Row(key=change.key, text=change.text, version=str(self._writes))


def _fits(change: Change, present: Row | None) -> bool:
    match change:
        case Insert():
            return present is None
        case Replace(version=version):
            return present is not None and present.version == version
        case Delete(version=version):
            return present is not None and version in {None, present.version}
        case _:
            return True
