"""What index rows point at: pages of a list over all of an operator's partitions, and the rows behind it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from shared.identifiers import OperatorHome

from .ledger_rows import Pointer, pointer_of
from .newest_first import newest_first_rows
from .rows import Row, Rows

_READ_AT_ONCE = 16
_PAGE = 100


class Pointers:
    """Reads the ledger's indexes."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def oldest_first(self, home: OperatorHome, *, first: str, before: str) -> AsyncIterator[list[Pointer]]:
        """What a range of an index points at, over all partitions, in the order of keys, page by page."""
        while first < before:
            pages = await asyncio.gather(
                *(
                    self._rows.query(partition=partition, first=first, before=before, limit=_PAGE)
                    for partition in home.partitions()
                )
            )
            rows = sorted((row for page in pages for row in page), key=lambda row: row.key)[:_PAGE]
            if rows:
                yield [pointer_of(row.text) for row in rows]
            if len(rows) < _PAGE:
                return
            first = rows[-1].key + "!"

    async def page(
        self,
        home: OperatorHome,
        index: tuple[str, ...],
        *,
        limit: int,
        continuation: str | None,
        since: datetime | None = None,
        until: datetime | None = None,
        only: Callable[[Pointer], bool] = lambda _: True,
    ) -> tuple[list[Pointer], str | None]:
        """The newest `limit` that `only` lets pass, and what to continue with. Raises ContinuationUnreadable."""
        found: list[Pointer] = []
        last: str | None = None
        rows = newest_first_rows(
            self._rows,
            home=home,
            index=index,
            since=since,
            until=until,
            continuation=continuation,
            page=min(limit + 1, 1000),
        )
        async for position, row in rows:
            pointer = pointer_of(row.text)
            if not only(pointer):
                continue
            if len(found) == limit:
                return found, last
            found.append(pointer)
            last = position
        return found, None

    async def read_all(self, keys: list[tuple[str, str]]) -> list[Row | None]:
        """The rows, each None if it is gone, in the order of their keys given as partition and key."""
        at_once = asyncio.Semaphore(_READ_AT_ONCE)

        async def read(partition: str, key: str) -> Row | None:
            async with at_once:
                return await self._rows.read(partition=partition, key=key)

        return await asyncio.gather(*(read(partition, key) for partition, key in keys))
