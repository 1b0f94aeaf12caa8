"""The engine against `tests.pricing_oracle`, which works the same rules out minute by minute, over random sessions."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.pricing import (
    Charging,
    Dimension,
    MissingSpotPrice,
    Reading,
    SpotDay,
    SpotPrices,
    Tariff,
    price_session,
    prices_in,
)
from shared.pricing.restrictions import UNRESTRICTED, DayOfWeek, Restrictions
from shared.pricing.tariff import PriceComponent, PriceLimit, SpotTerms, TariffElement
from tests.pricing_oracle import MINUTE, SpotPriceNotKnown, cost

# Near these instants something happens: clocks change, a month or a market's day ends, the price of an evening starts.
NEAR = tuple(
    datetime.fromisoformat(each)
    for each in ("2026-10-25T01:00Z", "2026-03-29T01:00Z", "2026-01-31T23:00Z", "2026-01-15T16:00Z")
)
TIMES = [time(hour, minute) for hour, minute in ((0, 0), (1, 30), (2, 0), (2, 30), (3, 0), (4, 20), (17, 7), (23, 0))]
DATES = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 29), date(2026, 10, 25), date(2026, 10, 26)]

# Readings lie six minutes apart or a multiple of it and power is a divisor of 360 Wh a minute: so a threshold of a
# multiple of 360 Wh is reached on a whole minute, where the oracle looks.
watt_hours_a_minute = st.sampled_from([0, 0, 60, 120, 180, 360])
thresholds = st.none() | st.integers(1, 30).map(lambda count: Decimal(count) * Decimal("0.36"))
seconds = st.none() | st.integers(1, 300).map(lambda minutes: minutes * 60)
prices = st.decimals(min_value=0, max_value=100, places=2)
margins = st.decimals(min_value=-1, max_value=1, places=3)


def sometimes(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.none() | values


restrictions = st.just(UNRESTRICTED) | st.builds(
    Restrictions,
    start_time=sometimes(st.sampled_from(TIMES)),
    end_time=sometimes(st.sampled_from(TIMES)),
    start_date=sometimes(st.sampled_from(DATES)),
    end_date=sometimes(st.sampled_from(DATES)),
    min_kwh=sometimes(thresholds),
    max_kwh=sometimes(thresholds),
    min_duration=sometimes(seconds),
    max_duration=sometimes(seconds),
    day_of_week=st.just(()) | st.lists(st.sampled_from(DayOfWeek), min_size=1, unique=True).map(tuple),
)
terms = st.builds(
    SpotTerms,
    bidding_zone=st.sampled_from(["NO1", "FI"]),
    is_locked=st.booleans(),
    margin=margins,
    margin_percentage=st.sampled_from([Decimal(0), Decimal("12.5"), Decimal(-10)]),
    price_cap=st.none() | margins,
    cost_percentage=st.sampled_from([Decimal(100), Decimal(80)]),
)


def component(dimension: Dimension, *, price: Decimal, vat: Decimal | None, step: int, spot: SpotTerms | None) -> Any:
    spot = spot if dimension is Dimension.ENERGY else None
    own = Decimal(0) if spot else price
    return PriceComponent(dimension=dimension, price=own, vat=vat, step_size=step, spot=spot)


components = st.builds(
    component,
    st.sampled_from(Dimension),
    price=prices,
    vat=st.sampled_from([None, Decimal(0), Decimal(25), Decimal("25.5")]),
    step=st.sampled_from([0, 0, 1, 60, 900, 5000]),
    spot=sometimes(terms),
)
elements = st.builds(
    TariffElement,
    components=st.lists(components, min_size=1, max_size=4, unique_by=lambda each: each.dimension).map(tuple),
    restrictions=restrictions,
)


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    excl, incl = (sorted((draw(prices), draw(prices))) for _ in range(2))
    return Tariff(
        id="t",
        currency="NOK",
        elements=tuple(draw(st.lists(elements, min_size=1, max_size=5))),
        min_price=draw(sometimes(st.just(PriceLimit(excl=excl[0], incl=incl[0])))),
        max_price=draw(sometimes(st.just(PriceLimit(excl=excl[1], incl=incl[1])))),
        tax_included=draw(st.sampled_from([None, "NO", "YES"])),
    )


@st.composite
def sessions(draw: st.DrawFn) -> Charging:
    """Readings as they should be, shuffled, with some among them that are to be left out."""
    start = draw(st.sampled_from(NEAR)) + draw(st.integers(-300, 120)) * MINUTE
    register = Decimal(draw(st.integers(0, 10**7)))
    at, energy, readings = start, register, []
    for lasts, power in draw(st.lists(st.tuples(st.integers(1, 10), watt_hours_a_minute), min_size=1, max_size=6)):
        at += lasts * 6 * MINUTE
        energy += lasts * 6 * power
        readings.append(Reading(at=at, energy_wh=energy))
    readings.pop()
    for late, wrong in draw(st.lists(st.tuples(st.integers(-60, 400), st.sampled_from([-1, 10**8])), max_size=2)):
        readings.append(Reading(at=start + late * MINUTE + MINUTE / 2, energy_wh=register + wrong))
    readings += [Reading(at=start, energy_wh=energy), Reading(at=at, energy_wh=register)]
    return Charging(
        start=start,
        end=at,
        energy_wh=energy - register,
        readings=tuple(draw(st.permutations(readings))),
        register_at_start_wh=register,
        timezone=draw(st.sampled_from(["Europe/Oslo", "Europe/Helsinki"])),
    )


@st.composite
def spot_days(draw: st.DrawFn, start: datetime) -> list[SpotDay]:
    """The market's days around a session, seldom one that is missing."""
    seed, found = draw(st.integers(0, 100)), []
    for offset in (-1, 0, 1):
        day = start.date() + timedelta(days=offset)
        for zone in ("NO1", "FI"):
            minutes = draw(st.sampled_from([15, 60]))
            count = prices_in(day, resolution_minutes=minutes)
            series = tuple(Decimal((seed + 37 * number + offset) % 101 - 20) / 100 for number in range(count))
            if draw(st.integers(0, 19)):
                found.append(
                    SpotDay(bidding_zone=zone, date=day, currency="NOK", resolution_minutes=minutes, prices=series)
                )
    return found


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(tariff=tariffs(), charging=sessions(), data=st.data())
def test_both_come_to_the_same_totals(tariff: Tariff, charging: Charging, data: st.DataObject) -> None:
    days = data.draw(spot_days(charging.start.astimezone(UTC)))
    known = SpotPrices(days)
    try:
        excl, incl = cost(tariff=tariff, charging=charging, days=days)
    except SpotPriceNotKnown:
        with pytest.raises(MissingSpotPrice):
            price_session(tariff=tariff, charging=charging, spot_prices=known)
        return
    report = price_session(tariff=tariff, charging=charging, spot_prices=known)
    # A division that does not end is carried to 28 decimals.
    assert abs(Fraction(report.total_excl) - excl) < Fraction(1, 10**24)
    assert abs(Fraction(report.total_incl) - incl) < Fraction(1, 10**24)
