"""From the charging periods of a CDR to stretches: taken as they are stated, never cut."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from .charging import Period, Span
from .conditions import Moment
from .exact import canonical, quotient
from .matching import Matcher
from .prepared import prepared
from .pricing_error import (
    EndsBeforeItStarts,
    MissingVolume,
    NoPeriods,
    OutsideCalendar,
    PeriodOutOfPlace,
    VolumeOutOfRange,
)
from .spot_lookup import spot_price_for
from .spot_price import SpotPrices
from .stretch import Stretch
from .tariff import Dimension, Tariff

_BELOW: Final = Decimal(10) ** 12
_MAX_DECIMALS: Final = 40
_ABOVE: Final = Decimal("1E-40")
_SECONDS_PER_HOUR: Final = 3600
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2999


def check_calendar(*instants: datetime) -> None:
    """Raises OutsideCalendar for a year before 2000 or after 2999: a charger that lost its clock."""
    for instant in instants:
        if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
            raise OutsideCalendar(at=instant)


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


def check_volume(volume: Decimal, *, dimension: Dimension, period: int) -> None:
    """Raises VolumeOutOfRange unless it is bounded in both directions, so that everything made of it is exact."""
    check_range(volume, dimension=dimension, period=period)
    if int(volume.as_tuple().exponent) < -_MAX_DECIMALS:
        raise VolumeOutOfRange(dimension=dimension, volume=volume, period=period)


def check_range(volume: Decimal, *, dimension: Dimension, period: int) -> None:
    """The same for one whose decimals are bounded otherwise."""
    if not isinstance(volume, Decimal):
        raise TypeError(f"the {dimension} of period {period + 1} is not a Decimal")
    if not volume.is_finite() or not 0 <= volume < _BELOW or 0 < volume < _ABOVE:
        raise VolumeOutOfRange(dimension=dimension, volume=volume, period=period)


def stated_stretches(
    *,
    tariff: Tariff,
    start: datetime,
    end: datetime,
    periods: Sequence[Period],
    zone: ZoneInfo,
    spot_prices: SpotPrices,
) -> list[Stretch]:
    """A stretch for each period, with what applies as of its start. Call it within `exactly()`.

    Raises VolumeOutOfRange, MissingVolume where the tariff has a price for what no volume is stated of, PowerUnknown,
    CurrentUnknown, MissingSpotPrice, SpotPriceInOtherCurrency.
    """
    matcher = prepared(tariff).matcher
    session_start = start.astimezone(UTC)
    starts = [period.start.astimezone(UTC) for period in periods]
    found: list[Stretch] = []
    energy_before, flat_is_due = Decimal(0), True
    for number, (period, (since, until)) in enumerate(
        zip(periods, pairwise([*starts, end.astimezone(UTC)]), strict=True)
    ):
        _check_volumes(period, number)
        moment = Moment(
            period=number,
            local=since.astimezone(zone),
            energy_wh=energy_before,
            passed=since - session_start,
            power_w=partial(_power, period),
            current_a=partial(_current, period),
        )
        if until > since and period.charging_seconds is None and period.parking_seconds is None:
            _refuse_if_timed(matcher, moment, was_charging=bool(period.energy_wh))
        if until > since or period.charging_seconds:
            _refuse_if_energy_is_missing(matcher, moment, period)
        energy = matcher.match(Dimension.ENERGY, moment) if period.energy_wh else None
        flat = matcher.match(Dimension.FLAT, moment) if flat_is_due else None
        flat = flat if flat and flat.applied else None
        flat_is_due = flat_is_due and flat is None
        found.append(
            Stretch(
                start=since,
                end=until,
                interpolated=False,
                energy_wh=_canonical(period.energy_wh),
                charging_seconds=_canonical(period.charging_seconds),
                parking_seconds=_canonical(period.parking_seconds),
                energy=energy,
                charging=matcher.match(Dimension.TIME, moment) if period.charging_seconds else None,
                parking=matcher.match(Dimension.PARKING_TIME, moment) if period.parking_seconds else None,
                flat=flat,
                spot=spot_price_for(
                    energy, at=since, started=session_start, prices=spot_prices, currency=tariff.currency
                ),
            )
        )
        energy_before += period.energy_wh or 0
    _refuse_if_no_energy_is_stated(tariff, periods)
    return found


def _check_volumes(period: Period, number: int) -> None:
    volumes = {
        Dimension.ENERGY: period.energy_wh,
        Dimension.TIME: period.charging_seconds,
        Dimension.PARKING_TIME: period.parking_seconds,
    }
    for dimension, volume in volumes.items():
        if volume is not None:
            check_volume(volume, dimension=dimension, period=number)


def _refuse_if_timed(matcher: Matcher, moment: Moment, *, was_charging: bool) -> None:
    """OCPI leaves out a volume of zero. But time that has passed was spent charging or parked: without either it would
    be priced as if it were zero. A period with energy was spent charging.
    """
    if matcher.match(Dimension.TIME, moment).applied:
        raise MissingVolume(dimension=Dimension.TIME, period=moment.period)
    if not was_charging and matcher.match(Dimension.PARKING_TIME, moment).applied:
        raise MissingVolume(dimension=Dimension.PARKING_TIME, period=moment.period)


def _refuse_if_energy_is_missing(matcher: Matcher, moment: Moment, period: Period) -> None:
    """Time that was not only parked was spent charging, and has an energy."""
    was_parked = period.parking_seconds is not None and not period.charging_seconds
    if period.energy_wh is None and not was_parked and matcher.match(Dimension.ENERGY, moment).applied:
        raise MissingVolume(dimension=Dimension.ENERGY, period=moment.period)


def _refuse_if_no_energy_is_stated(tariff: Tariff, periods: Sequence[Period]) -> None:
    """A session that was not parked from start to end has an energy, stated at least once."""
    if any(period.energy_wh is not None for period in periods):
        return
    was_only_parked = all(period.parking_seconds is not None and not period.charging_seconds for period in periods)
    prices_energy = any(component.dimension is Dimension.ENERGY for component in tariff.price_components)
    if prices_energy and not was_only_parked:
        raise MissingVolume(dimension=Dimension.ENERGY, period=None)


def _power(period: Period) -> Span:
    """What is stated of each side, else the average over the time of charging; nothing while only parked."""
    stated, average = period.power_w, None
    if period.energy_wh is not None and period.charging_seconds:
        average = quotient(period.energy_wh * _SECONDS_PER_HOUR, period.charging_seconds)
    elif period.parking_seconds and not period.energy_wh:
        average = Decimal(0)
    return Span(
        low=average if stated.low is None else stated.low,
        high=average if stated.high is None else stated.high,
    )


def _current(period: Period) -> Span:
    return period.current_a


def _canonical(volume: Decimal | None) -> Decimal | None:
    """None for zero too: what did not occur is not in the report."""
    return canonical(volume) if volume else None
