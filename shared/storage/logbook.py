"""The log's rows: an entry by its time, and a small pointer to it by its reference, in one partition, in one commit."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from shared.all_of import all_of
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry, LogQuery

from .adapter import Adapter
from .newest_first import newest_first_part, newest_first_rows
from .rows import Change, Row, Rows, Upsert, key_of

LOG_ENTRY: Adapter[LogEntry] = Adapter(LogEntry)
_READ_AT_ONCE = 16
_LISTED_AT_ONCE = 50
# What is looked through is read in larger pieces: a store takes little longer for them.
_LOOKED_THROUGH_AT_ONCE = 500


def log_changes(entry: LogEntry) -> list[Change]:
    """What must be written for `entry`, in the partition of its reference, with whatever else is committed there."""
    key, *pointers = log_keys(entry)
    own = Upsert(key=key, text=LOG_ENTRY.dump_json(entry, exclude_none=True).decode())
    return [own, *(Upsert(key=pointer, text=key) for pointer in pointers)]


def log_keys(entry: LogEntry) -> list[str]:
    """The key of the entry's row, and that of the pointer to it, if it has a reference."""
    at = newest_first_part(entry.at)
    key = key_of("log", at, entry.id)
    return [key, key_of("log-of", entry.reference_id, at, entry.id)] if entry.reference_id else [key]


class StoredLogbook:
    """See `shared.logbook.Logbook`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def write(self, *, home: OperatorHome, entry: LogEntry) -> None:
        """See `Logbook.write`."""
        partition = home.partition(entry.reference_id or entry.id)
        await self._rows.commit(partition=partition, changes=log_changes(entry))

    async def entry(self, *, home: OperatorHome, entry_id: str, at: datetime) -> LogEntry | None:
        """The entry of this id and time; None if there is none, or none any more. A point read in each partition: by
        what it was stored is not known from outside, and may have been erased since. Raises StorageUnavailable.
        """
        key = key_of("log", newest_first_part(at), entry_id)
        found = await all_of(self._rows.read(partition=partition, key=key) for partition in home.partitions())
        return next((LOG_ENTRY.validate_json(row.text) for row in found if row is not None), None)

    async def newest_first(
        self, *, home: OperatorHome, query: LogQuery, continuation: str | None
    ) -> AsyncIterator[tuple[str, LogEntry]]:
        """See `Logbook.newest_first`."""
        reference = query.reference_id
        partition = home.partition(reference) if reference else None
        found = newest_first_rows(
            self._rows,
            home=home,
            index=("log-of", reference) if reference else ("log",),
            since=query.since,
            until=query.until,
            continuation=continuation,
            page=_LOOKED_THROUGH_AT_ONCE if query.looks_through else _LISTED_AT_ONCE,
            only_partition=partition,
        )
        if partition is None:
            async for position, row in found:
                yield position, LOG_ENTRY.validate_json(row.text)
            return
        async for batch in _in_batches(found):
            entries = (self._rows.read(partition=partition, key=pointer.text) for _, pointer in batch)
            for (position, _), entry in zip(batch, await asyncio.gather(*entries), strict=True):
                if entry is not None:
                    yield position, LOG_ENTRY.validate_json(entry.text)


async def _in_batches(found: AsyncIterator[tuple[str, Row]]) -> AsyncIterator[list[tuple[str, Row]]]:
    batch: list[tuple[str, Row]] = []
    async for each in found:
        batch.append(each)
        if len(batch) == _READ_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
