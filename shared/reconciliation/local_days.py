"""Days and nights as an operator's clocks show them: 23, 24 or 25 hours long."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NIGHT_WORK_AT = time(2, 30)
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class LocalDay:
    """A calendar day in a time zone: from `since` on and before `until`, both in UTC."""

    day: date
    since: datetime
    until: datetime


def local_day(day: date, *, zone: ZoneInfo) -> LocalDay:
    """The day from its midnight to the next one's. Days follow each other without a gap and do not overlap."""
    return LocalDay(day=day, since=_instant(day, time(), zone), until=_instant(day + _DAY, time(), zone))


def last_night(*, now: datetime, zone: ZoneInfo) -> tuple[date, datetime]:
    """The day that ended last when the clocks showed 02:30 the last time, and when that was, in UTC."""
    today = now.astimezone(zone).date()
    begun = _instant(today, NIGHT_WORK_AT, zone)
    if begun > now:
        today -= _DAY
        begun = _instant(today, NIGHT_WORK_AT, zone)
    return today - _DAY, begun


def days_up_to(last: date, *, at_most: int, since: date) -> Iterator[date]:
    """The last `at_most` days up to and with `last`, none before `since`, oldest first."""
    for back in reversed(range(at_most)):
        day = last - back * _DAY
        if day >= since:
            yield day


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    # A time that the clocks skip is read by the offset before it, one that comes twice is its first: so a day always
    # begins where the one before it ends.
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
