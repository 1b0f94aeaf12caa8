"""A page of a list that lies in one partition."""

from collections.abc import Callable
from datetime import datetime

from shared.identifiers import OperatorHome
from shared.operators.page import Page

from .newest_first import newest_first_rows
from .rows import Rows


async def page_of[T](
    rows: Rows,
    *,
    partition: str,
    index: str,
    limit: int,
    continuation: str | None,
    read: Callable[[str], T],
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page[T]:
    """At most `limit` rows of `index` (see `newest_first_rows`), each made by `read` from its text.

    Those of `since` or later and before `until`, where these are given.

    Raises ContinuationUnreadable, StorageUnavailable.
    """
    found: list[T] = []
    position: str | None = None
    listed = newest_first_rows(
        rows,
        home=OperatorHome(gln=partition, buckets=1),
        index=(index,),
        since=since,
        until=until,
        continuation=continuation,
        page=limit + 1,  # one more tells whether there is more
        only_partition=partition,
    )
    async for after, row in listed:
        if len(found) == limit:
            return Page(items=tuple(found), continuation=position)
        found.append(read(row.text))
        position = after
    return Page(items=tuple(found))
