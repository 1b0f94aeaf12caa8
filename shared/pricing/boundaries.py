"""Where the price of a session may change: what a tariff's restrictions and spot prices make of its time and energy."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from .restrictions import UNRESTRICTED
from .spot_price import QUARTER, quarter_of
from .tariff import PriceComponent, Tariff

_MIDNIGHT: Final = time(0, 0)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundaries:
    """Local times of day, kWh thresholds in Wh, time since the start, and whether momentary values or spot prices
    matter.
    """

    wall_times: tuple[time, ...]
    energies_wh: tuple[Decimal, ...]
    durations: tuple[timedelta, ...]
    is_momentary: bool
    follows_spot: bool

    @property
    def are_none(self) -> bool:
        """Whether the price never changes within a session."""
        return not (self.wall_times or self.energies_wh or self.durations or self.follows_spot)

    @property
    def cut_by_time(self) -> bool:
        """Whether there are boundaries that a session can meet just by lasting."""
        return bool(self.wall_times or self.follows_spot)

    def instants(self, *, start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
        """The instants between `start` and `end` (UTC) at which the price may change by the clock, in order."""
        found: set[datetime] = set()
        if self.wall_times:
            found.update(_wall_clock_instants(self.wall_times, start=start, end=end, zone=zone))
        if self.follows_spot:
            quarter = quarter_of(start)
            while (quarter := quarter + QUARTER) < end:
                found.add(quarter)
        found.update(start + duration for duration in self.durations)
        return sorted(instant for instant in found if start < instant < end)


def boundaries_of(tariff: Tariff) -> Boundaries:
    """Where the price by `tariff` may change."""
    wall_times: set[time] = set()
    energies: set[Decimal] = set()
    seconds: set[int] = set()
    is_momentary = False
    for element in tariff.elements:
        limits = element.restrictions
        if limits is UNRESTRICTED:
            continue
        wall_times.update(each for each in (limits.start_time, limits.end_time) if each is not None)
        if limits.end_time is not None or limits.start_time is not None or limits.day_of_week:
            wall_times.add(_MIDNIGHT)
        if limits.start_date is not None or limits.end_date is not None:
            wall_times.add(_MIDNIGHT)
        energies.update(each * 1000 for each in (limits.min_kwh, limits.max_kwh) if each is not None)
        seconds.update(each for each in (limits.min_duration, limits.max_duration) if each is not None)
        momentary = (limits.min_power, limits.max_power, limits.min_current, limits.max_current)
        is_momentary = is_momentary or any(each is not None for each in momentary)
    return Boundaries(
        wall_times=tuple(wall_times),
        energies_wh=tuple(sorted(energies)),
        durations=tuple(timedelta(seconds=each) for each in seconds),
        is_momentary=is_momentary,
        follows_spot=any(_follows_spot(each) for each in tariff.price_components),
    )


def _follows_spot(component: PriceComponent) -> bool:
    return component.spot is not None and not component.spot.is_locked


def _wall_clock_instants(
    wall_times: tuple[time, ...], *, start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[datetime]:
    """Each time of day on each local day; on a day on which clocks change, a time that comes twice both times, and the
    change itself, because it may jump over one.
    """
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        changes = _midnight(day, zone).utcoffset() != _midnight(day + _DAY, zone).utcoffset()
        for wall_time in wall_times:
            local = datetime.combine(day, wall_time, zone)
            yield local.astimezone(UTC)
            if changes:
                yield local.replace(fold=1).astimezone(UTC)
        if changes:
            yield _change_of_clocks(day, zone)
        day += _DAY


def _change_of_clocks(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which the offset changes on `day`, to the second."""
    before, after = _midnight(day, zone).astimezone(UTC), _midnight(day + _DAY, zone).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        between = before + (after - before) // 2
        between = between.replace(microsecond=0)
        if between.astimezone(zone).utcoffset() == offset:
            before = between
        else:
            after = between
    return after


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, _MIDNIGHT, zone)
