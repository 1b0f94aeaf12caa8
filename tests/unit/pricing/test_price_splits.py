"""Where and how often the meter was read does not change what a session costs, nor does cutting it in two."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.pricing import Charging, Reading, Tariff
from tests.unit.pricing.made_up import TEN, part, tariff, tariff_of
from tests.unit.pricing.random_sessions import (
    OSLO,
    SECOND,
    clock_times,
    elements,
    parts,
    priced,
    prices,
    rates,
    sessions,
    tariffs,
    watt_hours,
)


@settings(deadline=None)
@given(price=prices, vat=rates, energy=watt_hours, share=st.integers(0, 1000), at=st.integers(0, 7_200_000_000))
def test_splitting_a_session_anywhere_keeps_what_its_energy_costs(
    price: Decimal, vat: Any, energy: Decimal, share: int, at: int
) -> None:
    by = tariff(part("ENERGY", str(price), vat))
    register = (energy * share / 1000).quantize(Decimal("0.001"))
    check_split(
        by,
        Charging(start=TEN, end=TEN + 7200 * SECOND, energy_wh=energy, register_at_start_wh=Decimal(0), timezone=OSLO),
        TEN + timedelta(microseconds=at),
        register,
    )


energy_parts = parts().map(lambda found: [{**each, "step_size": 0} for each in found if "ENERGY" in each["type"]])
clocks: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"start_time": clock_times, "end_time": clock_times}
)


@settings(deadline=None, max_examples=60)
@given(priced_by=elements(energy_parts.filter(bool), clocks), of=sessions(), data=st.data())
def test_splitting_a_session_where_the_meter_was_read_changes_no_price_of_energy(
    priced_by: list[dict[str, Any]], of: Charging, data: st.DataObject
) -> None:
    at = of.start + data.draw(st.integers(0, (of.end - of.start) // SECOND)) * SECOND
    check_split(tariff_of(*priced_by), of, at, on_curve(of, at))


def on_curve(of: Charging, at: datetime) -> Decimal:
    points = [(of.start, Decimal(0)), *((each.at, each.energy_wh) for each in of.readings), (of.end, of.energy_wh)]
    for (since, before), (until, after) in pairwise(points):
        if since <= at <= until:
            return before + (after - before) * ((at - since) // SECOND) / ((until - since) // SECOND)
    raise AssertionError(at)


def check_split(by: Tariff, of: Charging, at: datetime, register: Decimal) -> None:
    before, after = (tuple(each for each in of.readings if (each.at < at) is early) for early in (True, False))
    first = replace(of, end=at, energy_wh=register, readings=before)
    second = replace(of, start=at, energy_wh=of.energy_wh - register, readings=after, register_at_start_wh=register)
    whole, *halves = (priced(by, each) for each in (of, first, second))
    with localcontext(prec=100):
        assert sum(half.total_excl for half in halves) == whole.total_excl
        assert sum(half.total_incl for half in halves) == whole.total_incl


def prices_no_time(by: Tariff) -> bool:
    """Each reading tells more of when it was charging."""
    return not any("TIME" in component.dimension for component in by.price_components)


@settings(deadline=None, max_examples=60)
@given(priced_by=tariffs().filter(prices_no_time), of=sessions(), data=st.data())
def test_a_reading_on_the_curve_changes_nothing(priced_by: Tariff, of: Charging, data: st.DataObject) -> None:
    at = of.start + data.draw(st.integers(1, (of.end - of.start) // SECOND - 1)) * SECOND
    more = replace(of, readings=(*of.readings, Reading(at=at, energy_wh=on_curve(of, at))))
    without, with_it = priced(priced_by, of), priced(priced_by, more)
    assert (with_it.total_excl, with_it.total_incl) == (without.total_excl, without.total_incl)
    energy, before = ([each for each in report.totals if each.unit == "kWh"] for report in (with_it, without))
    assert energy == before
