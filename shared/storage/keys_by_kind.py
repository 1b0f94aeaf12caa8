"""The beginning of each kind in an index of a partition, with few queries: of most kinds there is next to nothing."""

from collections import defaultdict
from collections.abc import Mapping

from .rows import Rows, range_below


async def keys_by_kind(
    rows: Rows, *, partition: str, index: str, most: int, first_kind: str | None = None, last_kind: str | None = None
) -> Mapping[str, list[str]]:
    """The first keys of each kind, in their order, none for a kind that there is not: at least `most` of those that
    have so many, maybe more. Keys are the index, the kind, more. Kinds from the first to the last one named, in the
    order of keys, else all.

    One query, and one more for each `most` keys that it found. Raises StorageUnavailable.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    first, before = range_below(index)
    if first_kind is not None:
        first, _ = range_below(index, first_kind)
    if last_kind is not None:
        _, before = range_below(index, last_kind)
    while first < before:
        page = await rows.query(partition=partition, first=first, before=before, limit=most)
        for row in page:
            found[row.key.split("|", 2)[1]].append(row.key)
        if len(page) < most:
            break
        last = page[-1].key
        kind = last.split("|", 2)[1]
        # Enough of this kind: whatever else it has is passed over.
        first = range_below(index, kind)[1] if len(found[kind]) >= most else last + "!"
    return found
