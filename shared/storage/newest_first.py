"""Lists over an operator's partitions, newest first: each is a range of one index in every partition, merged."""

import asyncio
import base64
import binascii
import heapq
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter

from shared.faults import ContinuationUnreadable
from shared.identifiers import OperatorHome

from .rows import Row, Rows, key_of, range_below

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = 1_000_000
_END = 10**17


def oldest_first_part(instant: datetime) -> str:
    """A part of a key by which earlier instants sort first."""
    return f"{_microseconds(instant):018d}"


def newest_first_part(instant: datetime) -> str:
    """A part of a key by which later instants sort first. All from the year 5138 on are the same."""
    return f"{max(_END - _microseconds(instant), 0):018d}"


def instant_of(part: str, *, newest_first: bool) -> datetime:
    """The instant from which such a part was made."""
    return _EPOCH + timedelta(microseconds=_END - int(part) if newest_first else int(part))


def range_older_than(*index: str, instant: datetime) -> tuple[str, str]:
    """First and before of the keys (parts of `index`, `newest_first_part`, more) of what is older than `instant`."""
    first, before = range_below(*index)
    return first + f"{_END - _microseconds(instant) + 1:018d}", before


def _microseconds(instant: datetime) -> int:
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * _MICROSECOND + since.microseconds


async def newest_first_rows(
    rows: Rows,
    *,
    home: OperatorHome,
    index: tuple[str, ...],
    since: datetime | None = None,
    until: datetime | None = None,
    continuation: str | None = None,
    page: int = 50,
    only_partition: str | None = None,
) -> AsyncIterator[tuple[str, Row]]:
    """Rows of `index` (keys: its parts, `newest_first_part` of their time, more) with the continuation after each.

    Reads `page` rows of each partition at a time, and the next page only when it is asked for.
    """
    prefix = key_of(*index) + "|"
    first = prefix + (f"{_END - _microseconds(until) + 1:018d}" if until else "")
    before = prefix + f"{_END - _microseconds(since) + 1:018d}" if since else key_of(*index) + "}"
    if continuation is not None:
        first = max(first, prefix + _position(continuation) + "!")
    partitions = (only_partition,) if only_partition else home.partitions()
    while first < before:
        pages = await asyncio.gather(
            *(rows.query(partition=partition, first=first, before=before, limit=page) for partition in partitions)
        )
        # Beyond the end of the shortest full page, another partition may have rows that were not read yet.
        horizon = min((found[-1].key for found in pages if len(found) == page), default=before)
        merged = heapq.merge(*([(row.key, row) for row in found] for found in pages), key=itemgetter(0))
        for key, row in merged:
            if key > horizon:
                break
            yield _continuation(key.removeprefix(prefix)), row
        first = horizon + "!"
        if horizon == before:
            return


def _continuation(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _position(continuation: str) -> str:
    try:
        padded = continuation + "=" * (-len(continuation) % 4)
        position = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise ContinuationUnreadable from error
    if (
        not position[:18].isdigit()
        or any(character in position for character in "\\/?#'")
        or not position.isprintable()
    ):
        raise ContinuationUnreadable
    return position
