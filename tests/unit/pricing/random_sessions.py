"""Random tariffs and sessions: any components, restrictions by the clock or by energy, readings in any number."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from shared.pricing import Charging, Dimension, Period, Reading, Report, Tariff, price_session
from tests.unit.pricing.made_up import TEN, element, part, spot_prices, tariff_of

OSLO = "Europe/Oslo"
SECOND = timedelta(seconds=1)

prices = st.decimals(min_value=0, max_value=1000, places=4)
margins = st.decimals(min_value=-2, max_value=2, places=3)
rates = st.sampled_from([None, 0, 15, 25, Decimal("25.5")])
steps = st.sampled_from([0, 1, 60, 500, 900, 10_000])
clock_times = st.sampled_from(["00:00", "11:00", "11:30", "12:07", "13:00", "22:00"])


def parts(vat: st.SearchStrategy[Any] = rates) -> st.SearchStrategy[list[dict[str, Any]]]:
    """What one element may charge for, spot prices too."""
    own = st.builds(
        lambda dimension, price, vat, step: part(dimension, str(price), vat, step),
        st.sampled_from(Dimension),
        prices,
        vat,
        steps,
    )
    spot = st.builds(
        lambda margin, vat: part("ENERGY_SPOT", None, vat, margin=margin, bidding_zone="NO1"), margins, vat
    )
    return st.lists(own | spot, min_size=1, max_size=4, unique_by=lambda each: each["type"].split("_SPOT")[0])


by_the_clock: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"start_time": clock_times, "end_time": clock_times}
) | st.sampled_from(
    [{"day_of_week": ["THURSDAY"]}, {"end_date": "2026-01-16"}, {"min_duration": 1800}, {"max_duration": 5000}]
)
by_energy: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"min_kwh": st.integers(0, 2), "max_kwh": st.integers(5, 30).map(lambda tenths: Decimal(tenths) / 2)}
)


def elements(
    components: st.SearchStrategy[list[dict[str, Any]]], restrictions: st.SearchStrategy[dict[str, Any]]
) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(
        st.builds(lambda own, limits: element(*own, **limits), components, restrictions), min_size=1, max_size=4
    )


@st.composite
def tariffs(draw: st.DrawFn, *, vat: st.SearchStrategy[Any] = rates) -> Tariff:
    # Small enough to bite, the maximum never below the minimum; the sides need not agree.
    least, more = ({side: draw(prices) / 10 for side in ("excl_vat", "incl_vat")} for _ in range(2))
    limits = {"min_price": least, "max_price": {side: least[side] + more[side] for side in least}}
    limits = {name: limit for name, limit in limits.items() if draw(st.booleans())}
    return tariff_of(*draw(elements(parts(vat), by_the_clock | by_energy)), **limits)


# Whole mWh in each second: so every whole second is a point at which the curve lies on its grid.
rates_of_charging = st.lists(st.tuples(st.integers(60, 4000), st.sampled_from([0, 0, 1, 700, 3057, 6000])), min_size=1)


@st.composite
def sessions(draw: st.DrawFn) -> Charging:
    at, energy, readings = TEN + draw(st.integers(0, 7200)) * SECOND, Decimal(0), []
    start = at
    for lasts, per_second in draw(rates_of_charging.filter(lambda found: len(found) <= 5)):
        at, energy = at + lasts * SECOND, energy + lasts * per_second * Decimal("0.001")
        readings.append(Reading(at=at, energy_wh=energy))
    readings.pop()
    return Charging(
        start=start, end=at, energy_wh=energy, readings=tuple(readings), register_at_start_wh=Decimal(0), timezone=OSLO
    )


watt_hours = st.decimals(min_value=0, max_value=200_000, places=3)
seconds = st.decimals(min_value=0, max_value=7200, places=6)
period_lists = st.lists(
    st.builds(
        lambda energy, charged, parked: Period(
            start=TEN, energy_wh=energy, charging_seconds=charged, parking_seconds=parked
        ),
        watt_hours,
        seconds,
        st.none() | seconds,
    ),
    min_size=1,
    max_size=6,
)


def priced(by: Tariff, of: Charging) -> Report:
    return price_session(tariff=by, charging=of, spot_prices=spot_prices())
