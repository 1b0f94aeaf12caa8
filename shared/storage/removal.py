"""Rows that go for good, however often a removal was cut off before."""

from collections.abc import Iterable, Sequence

from shared.faults import RowConflict

from .rows import Change, Delete, Replace, Rows


async def removed(rows: Rows, *, partition: str, changes: Sequence[Change]) -> dict[str, str] | None:
    """Commits changes that remove rows, at most 100, and gives the versions of those that it wrote over. Rows that are
    gone already are passed over.

    None, and nothing is removed, if a row that a change names with its version was changed since; also if somebody
    keeps changing them. One operation, unless rows are gone already. Raises StorageUnavailable.
    """
    try:
        return await rows.commit(partition=partition, changes=changes)
    except RowConflict:
        present = await _present(rows, partition, changes)
    if not present:
        return present if present is None else {}
    try:
        return await rows.commit(partition=partition, changes=present)
    except RowConflict:
        return None


async def _present(rows: Rows, partition: str, changes: Iterable[Change]) -> list[Change] | None:
    """Those of the changes whose row is still there; None if a row is another than it was."""
    present: list[Change] = []
    for change in changes:
        row = await rows.read(partition=partition, key=change.key)
        version = change.version if isinstance(change, Delete | Replace) else None
        if row is None:
            if isinstance(change, Replace):
                return None
            continue
        if version not in {None, row.version}:
            return None
        present.append(change)
    return present
