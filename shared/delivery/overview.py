"""Many deliveries at a glance: how many stand where, and how many lines were written when."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from shared.all_of import all_of
from shared.identifiers import OperatorHome

from .delivery import Delivery, DeliveryState

COUNTED = 1000
"""So many lines of a state are counted, whenever they were written: more are said to be more."""

MOST_OVER_TIME = 10_000
"""So many lines of a state are counted over time, the newest: what lies before is said not to be counted. Reading so
many takes a tenth of a second.
"""

FAILED = frozenset({DeliveryState.BLOCKED, DeliveryState.REJECTED, DeliveryState.EXHAUSTED})
"""States in which a line stays until somebody does something."""

_HOURS, _DAYS, _MONTHS = 48, 31, 12
# In most states there are no more than so many, and one look finds out.
_FEW = 100


class Grain(StrEnum):
    """How much time one bar covers, by the operator's clocks."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Lines written from `since` on and before `until`, and those of them whose delivery has failed by now."""

    since: datetime
    until: datetime
    lines: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class Overview:
    """`bars` follow each other, oldest first; what was written before `complete_since` is not counted in full in them;
    None: all of it is.
    """

    bars: tuple[Bar, ...]
    complete_since: datetime | None


class DeliveryIndex(Protocol):
    """Deliveries by their state and time. Everything raises StorageUnavailable."""

    async def counts(self, *, home: OperatorHome, at_most: int) -> dict[DeliveryState, int]:
        """How many stand in each state, counted up to `at_most` (at most 1,000) in each."""
        ...

    async def newest(self, *, home: OperatorHome, at_most: int) -> dict[DeliveryState, list[datetime]]:
        """When those in each state were created, newest first, at most so many (at most 1,000) in each."""
        ...

    async def created(
        self, *, home: OperatorHome, state: DeliveryState, since: datetime | None, at_most: int
    ) -> list[datetime]:
        """When those in a state were created, from `since` on or ever, newest first, at most so many."""
        ...

    async def ended(
        self, *, home: OperatorHome, since: datetime, until: datetime, limit: int, continuation: str | None
    ) -> tuple[list[Delivery], str | None]:
        """Deliveries by the end of their sessions, newest first; `since` inclusive, `until` exclusive. Raises
        ContinuationUnreadable.
        """
        ...


async def overview(
    *,
    index: DeliveryIndex,
    home: OperatorHome,
    grain: Grain,
    zone: ZoneInfo,
    now: datetime,
    most: int = MOST_OVER_TIME,
    few: int = _FEW,
) -> Overview:
    """Lines over the last 48 hours, 31 days or 12 months by when they were written.

    Raises StorageUnavailable.
    """
    edges, states = _edges(grain, zone=zone, now=now), tuple(DeliveryState)

    async def over_time(state: DeliveryState, newest: list[datetime]) -> list[datetime]:
        if len(newest) < few or newest[-1] < edges[0]:
            return [instant for instant in newest if instant >= edges[0]]
        return await index.created(home=home, state=state, since=edges[0], at_most=most)

    newest = await index.newest(home=home, at_most=few)
    found = await all_of(over_time(state, newest[state]) for state in states)
    lines, failed = [0] * (len(edges) - 1), [0] * (len(edges) - 1)
    for state, created in zip(states, found, strict=True):
        for number, count in enumerate(_counted(created, edges)):
            lines[number] += count
            failed[number] += count if state in FAILED else 0
    cut = [created[-1] for created in found if len(created) == most]
    return Overview(
        bars=tuple(
            Bar(since=edges[number], until=edges[number + 1], lines=lines[number], failed=failed[number])
            for number in range(len(lines))
        ),
        complete_since=max(cut, default=None),
    )


def midnight(day: date, *, zone: ZoneInfo) -> datetime:
    """When a day begins by the clocks of a zone, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def next_month(month: date) -> date:
    """The first day of the month after that of a day."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def _edges(grain: Grain, *, zone: ZoneInfo, now: datetime) -> Sequence[datetime]:
    """Where bars begin, and where the last one ends."""
    today = now.astimezone(zone).date()
    match grain:
        case Grain.HOUR:
            last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
            return [last - timedelta(hours=back) for back in range(_HOURS, -1, -1)]
        case Grain.DAY:
            return [midnight(today + timedelta(days=1 - back), zone=zone) for back in range(_DAYS, -1, -1)]
        case Grain.MONTH:
            months = [next_month(today)]
            for _ in range(_MONTHS):
                months.append((months[-1] - timedelta(days=1)).replace(day=1))
            return [midnight(month, zone=zone) for month in reversed(months)]


def _counted(created: Sequence[datetime], edges: Sequence[datetime]) -> list[int]:
    counts = [0] * (len(edges) - 1)
    for instant in created:
        # What a clock that was ahead wrote counts as new.
        counts[min(bisect_right(edges, instant) - 1, len(counts) - 1)] += 1
    return counts
