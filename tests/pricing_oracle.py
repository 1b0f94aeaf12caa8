"""What a session costs, worked out a second time the slow and obvious way: minute by minute, in fractions.

A reading of the rules that shares nothing with the engine but the tariff's types, to hold the engine against. Each
minute is looked at by itself: is it charging or parked, which element applies, what is the market's price. It is right
for sessions in which nothing changes within a minute; power and current it does not know.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.pricing import Charging, Dimension, SpotDay, Tariff
from shared.pricing.restrictions import Restrictions
from shared.pricing.tariff import PriceComponent, SpotTerms

MINUTE = timedelta(minutes=1)
WEEK = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
PER_PRICE = {Dimension.ENERGY: 1000, Dimension.TIME: 3600, Dimension.PARKING_TIME: 3600, Dimension.FLAT: 1}


class SpotPriceNotKnown(Exception):
    """The market's price of a minute is needed and not there."""


class Used(NamedTuple):
    """`volume` (Wh, seconds, 1) at `price` for a kWh, an hour, a session."""

    component: PriceComponent
    price: Fraction
    volume: Fraction


class Moment(NamedTuple):
    """A minute's start: the local time, and what had been charged (Wh) and had passed by then."""

    local: datetime
    energy_wh: Fraction
    passed: timedelta


def cost(*, tariff: Tariff, charging: Charging, days: Sequence[SpotDay] = ()) -> tuple[Fraction, Fraction]:
    """The total excl. and incl. VAT. Raises SpotPriceNotKnown."""
    used = _stepped(list(_used(tariff, charging, days)))
    net, gross = Fraction(0), Fraction(0)
    for each in used:
        amount, rate = each.price * each.volume / PER_PRICE[each.component.dimension], Fraction(each.component.vat or 0)
        net += amount * 100 / (100 + rate) if tariff.tax_included == "YES" else amount
        gross += amount if tariff.tax_included == "YES" else amount * (100 + rate) / 100
    return _bounded(net, tariff, "excl"), _bounded(gross, tariff, "incl")


def _bounded(total: Fraction, tariff: Tariff, side: str) -> Fraction:
    """Limits must state both sides here."""
    total = max(total, Fraction(getattr(tariff.min_price, side))) if tariff.min_price else total
    return min(total, Fraction(getattr(tariff.max_price, side))) if tariff.max_price else total


def _used(tariff: Tariff, charging: Charging, days: Sequence[SpotDay]) -> list[Used]:
    found: list[Used] = []
    points, zone = _points(charging), ZoneInfo(charging.timezone)
    start, flat_is_due = points[0][0], True
    for (since, before), (until, after) in pairwise(points):
        minutes = (until - since) // MINUTE
        each = (after - before) / minutes
        for number in range(minutes):
            at = since + number * MINUTE
            moment = Moment(at.astimezone(zone), before + number * each, at - start)
            if flat_is_due and (flat := _first(tariff, Dimension.FLAT, moment)):
                found.append(Used(flat, Fraction(flat.price), Fraction(1)))
                flat_is_due = False
            if timed := _first(tariff, Dimension.TIME if each else Dimension.PARKING_TIME, moment):
                found.append(Used(timed, Fraction(timed.price), Fraction(60)))
            if each and (energy := _first(tariff, Dimension.ENERGY, moment)):
                spot = energy.spot
                price = _spot_price(spot, start if spot.is_locked else at, days) if spot else Fraction(energy.price)
                found.append(Used(energy, price, each))
    return found


def _points(charging: Charging) -> list[tuple[datetime, Fraction]]:
    """Start, usable readings, stop: when, and the Wh since the start."""
    start, end, most = charging.start.astimezone(UTC), charging.end.astimezone(UTC), Fraction(charging.energy_wh)
    points = [(start, Fraction(0))]
    for reading in sorted(charging.readings, key=lambda each: each.at.timestamp()):
        at = reading.at.astimezone(UTC)
        if charging.register_at_start_wh is None or not points[-1][0] < at < end:
            continue
        energy = Fraction(reading.energy_wh) - Fraction(charging.register_at_start_wh)
        if points[-1][1] <= energy <= most:
            points.append((at, energy))
    return [*points, (end, most)]


def _first(tariff: Tariff, dimension: Dimension, moment: Moment) -> PriceComponent | None:
    for element in tariff.elements:
        for each in element.components if _holds(element.restrictions, moment) else ():
            if isinstance(each, PriceComponent) and each.dimension is dimension:
                return each
    return None


def _holds(of: Restrictions, moment: Moment) -> bool:
    date, seconds, kwh = moment.local.date(), moment.passed // timedelta(seconds=1), moment.energy_wh / 1000
    return (
        of.reservation is None
        and _is_within(of.start_time, of.end_time, moment.local.hour * 60 + moment.local.minute)
        and (of.start_date is None or date >= of.start_date)
        and (of.end_date is None or date < of.end_date)
        and (not of.day_of_week or WEEK[date.weekday()] in of.day_of_week)
        and (of.min_kwh is None or kwh >= Fraction(of.min_kwh))
        and (of.max_kwh is None or kwh < Fraction(of.max_kwh))
        and (of.min_duration is None or seconds >= of.min_duration)
        and (of.max_duration is None or seconds < of.max_duration)
    )


def _is_within(start: time | None, end: time | None, minute: int) -> bool:
    since = 0 if start is None else start.hour * 60 + start.minute
    until = 0 if end is None else end.hour * 60 + end.minute
    length = (until - since) % 1440 or 1440
    return (minute - since) % 1440 < length


def _spot_price(terms: SpotTerms, at: datetime, days: Sequence[SpotDay]) -> Fraction:
    for day in days:
        midnight = datetime.combine(day.date, time(0), ZoneInfo("Europe/Oslo")).timestamp()
        number = int(at.timestamp() - midnight) // (day.resolution_minutes * 60)
        if day.bidding_zone == terms.bidding_zone and 0 <= number < len(day.prices):
            price = Fraction(day.prices[number]) * (1 + Fraction(terms.margin_percentage) / 100) + Fraction(
                terms.margin
            )
            capped = price if terms.price_cap is None else min(price, Fraction(terms.price_cap))
            return capped * Fraction(terms.cost_percentage) / 100
    raise SpotPriceNotKnown


def _stepped(used: list[Used]) -> list[Used]:
    """Rounded up: the energy, and the time parked or else, if none of it has a price, the time charging."""
    kinds = {each.component.dimension for each in used}
    for kind in (Dimension.ENERGY, Dimension.PARKING_TIME if Dimension.PARKING_TIME in kinds else Dimension.TIME):
        own = [each for each in used if each.component.dimension is kind]
        if own and own[-1].component.step_size:
            missing = -sum((each.volume for each in own), Fraction(0)) % own[-1].component.step_size
            used = [*used, Used(own[-1].component, own[-1].price, missing)]
    return used
