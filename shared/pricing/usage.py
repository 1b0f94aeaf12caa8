"""What was used in each period, next to the price that applies to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from .charging import Period
from .exact import canonical
from .matching import Match, first_match
from .pricing_error import EndsBeforeItStarts, MissingVolume, NoPeriods, PeriodOutOfPlace, VolumeOutOfRange
from .tariff import Dimension, Tariff

_BELOW: Final = Decimal(10) ** 12
_MAX_DECIMALS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """`volume` of a dimension (Wh, seconds, 1 for FLAT) in the period with that number."""

    period: int
    dimension: Dimension
    volume: Decimal
    match: Match


def check_order(*, start: datetime, end: datetime, periods: Sequence[Period]) -> None:
    """Raises PricingError unless the periods follow each other within the session."""
    if end.astimezone(UTC) < start.astimezone(UTC):
        raise EndsBeforeItStarts(start=start, end=end)
    if not periods:
        raise NoPeriods
    earliest = start.astimezone(UTC)
    for number, period in enumerate(periods):
        if not earliest <= period.start.astimezone(UTC) <= end.astimezone(UTC):
            raise PeriodOutOfPlace(period=number, start=period.start)
        earliest = period.start.astimezone(UTC)


def usages(*, tariff: Tariff, end: datetime, periods: Sequence[Period]) -> list[Usage]:
    """Period by period what was used of each dimension; FLAT in the first period alone, if it has a price at all.

    Raises VolumeOutOfRange, and MissingVolume where the tariff has a price for what no volume is stated of.
    """
    matches = {dimension: first_match(elements=tariff.elements, dimension=dimension) for dimension in Dimension}
    found = []
    for number, period in enumerate(periods):
        volumes = {
            Dimension.ENERGY: period.energy_wh,
            Dimension.TIME: period.charging_seconds,
            Dimension.PARKING_TIME: period.parking_seconds,
            Dimension.FLAT: Decimal(1) if number == 0 and matches[Dimension.FLAT].applied else None,
        }
        for dimension, volume in volumes.items():
            if volume is None:
                continue
            check_volume(volume, dimension=dimension, period=number)
            found.append(Usage(period=number, dimension=dimension, volume=canonical(volume), match=matches[dimension]))
    _check_that_nothing_is_missing(matches=matches, end=end, periods=periods)
    return found


def check_volume(volume: Decimal, *, dimension: Dimension, period: int) -> None:
    """Raises VolumeOutOfRange unless it is bounded in both directions, so that everything made of it is exact."""
    if not isinstance(volume, Decimal):
        raise TypeError(f"the {dimension} of period {period + 1} is not a Decimal")
    if not volume.is_finite() or not 0 <= volume < _BELOW or int(volume.as_tuple().exponent) < -_MAX_DECIMALS:
        raise VolumeOutOfRange(dimension=dimension, volume=volume, period=period)


def _check_that_nothing_is_missing(
    *, matches: dict[Dimension, Match], end: datetime, periods: Sequence[Period]
) -> None:
    """OCPI leaves out a volume of zero. But time that has passed was spent charging or parked, and a session that was
    not parked from start to end has an energy: without them it would be priced as if they were zero.
    """
    if matches[Dimension.TIME].applied:
        ends = [*(period.start for period in periods[1:]), end]
        for number, (period, period_end) in enumerate(zip(periods, ends, strict=True)):
            is_silent = period.charging_seconds is None and period.parking_seconds is None
            if is_silent and period_end.astimezone(UTC) > period.start.astimezone(UTC):
                raise MissingVolume(dimension=Dimension.TIME, period=number)
    has_energy = any(period.energy_wh is not None for period in periods)
    was_only_parked = all(period.parking_seconds is not None and not period.charging_seconds for period in periods)
    if matches[Dimension.ENERGY].applied and not has_energy and not was_only_parked:
        raise MissingVolume(dimension=Dimension.ENERGY, period=None)
