"""What holds for every price: sums add up, nothing is lost, more never costs less."""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal, localcontext
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.pricing import Charging, Dimension, Period, Report, Tariff, parse_tariff, price_periods, price_session

TEN = datetime(2026, 1, 15, 10, tzinfo=UTC)


def tariff(*components: dict[str, Any], **more: Any) -> Tariff:
    document = {"id": "t", "currency": "NOK", "elements": [{"price_components": list(components)}], **more}
    return parse_tariff(document, currency="NOK", one_vat_rate=False)


prices = st.decimals(min_value=0, max_value=1000, places=4)
rates = st.sampled_from([None, 0, 15, 25, Decimal("25.5")])
steps = st.sampled_from([0, 1, 60, 500, 900, 10_000])
parts = st.builds(
    lambda dimension, price, vat, step: {"type": dimension, "price": price, "vat": vat, "step_size": step},
    st.sampled_from(["ENERGY", "TIME", "FLAT"]),
    prices,
    rates,
    steps,
)
tariffs = st.builds(
    lambda components, limit: tariff(*components, **({"max_price": limit} if limit else {})),
    st.lists(parts, min_size=1, max_size=3, unique_by=lambda component: component["type"]),
    st.none() | st.builds(lambda excl, incl: {"excl_vat": excl, "incl_vat": incl}, prices, st.none() | prices),
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


def walk(value: Any) -> list[Any]:
    if is_dataclass(value) and not isinstance(value, type):
        return [leaf for each in fields(value) for leaf in walk(getattr(value, each.name))]
    return [leaf for each in value for leaf in walk(each)] if isinstance(value, tuple) else [value]


@settings(deadline=None)
@given(priced_by=tariffs, periods=period_lists)
def test_periods_add_up_to_the_totals_and_nothing_is_a_float(priced_by: Tariff, periods: list[Period]) -> None:
    report = price_periods(tariff=priced_by, start=TEN, end=TEN, periods=periods)
    with localcontext(prec=100):
        for each in report.totals:
            own = [part for period in report.periods for part in period.dimensions if part.dimension is each.dimension]
            assert sum(part.excl for part in own) == each.excl
            assert sum(part.incl for part in own) == each.incl
            assert sum(part.measured for part in own) == each.measured
            assert sum(part.billed for part in own) == each.billed
            assert each.billed >= each.measured
        excl, incl = sum(each.excl for each in report.totals), sum(each.incl for each in report.totals)
    cap = report.cap
    assert excl == (cap.excl.before if cap and cap.excl else report.total_excl)
    assert incl == (cap.incl.before if cap and cap.incl else report.total_incl)
    assert not [leaf for leaf in walk(report) if isinstance(leaf, float)]


@settings(deadline=None)
@given(priced_by=tariffs, periods=period_lists)
def test_what_is_charged_adds_up_and_keeps_the_maximum(priced_by: Tariff, periods: list[Period]) -> None:
    report = price_periods(tariff=priced_by, start=TEN, end=TEN, periods=periods)
    paid = report.rounded
    assert (paid is None) == (priced_by.vat_percent is None)
    if paid is None:
        return
    cent = Decimal("0.01")
    assert paid.excl + paid.vat == paid.incl
    assert paid.excl <= report.total_excl + cent / 2
    if priced_by.max_price and priced_by.max_price.incl is not None:
        assert paid.incl <= priced_by.max_price.incl + cent / 2


@settings(deadline=None)
@given(priced_by=tariffs, session=st.tuples(watt_hours, st.integers(0, 100_000)), more=st.tuples(watt_hours, seconds))
def test_more_energy_and_more_time_never_cost_less(
    priced_by: Tariff, session: tuple[Decimal, int], more: tuple[Decimal, Decimal]
) -> None:
    def cost(energy: Decimal, duration: timedelta) -> Report:
        whole = Charging(start=TEN, end=TEN + duration, energy_wh=energy, readings=(), timezone="Europe/Oslo")
        return price_session(tariff=priced_by, charging=whole)

    less = cost(session[0], timedelta(seconds=session[1]))
    greater = cost(session[0] + more[0], timedelta(seconds=session[1], microseconds=int(more[1] * 1_000_000)))
    assert less.total_excl <= greater.total_excl
    assert less.total_incl <= greater.total_incl
    if less.rounded and greater.rounded:
        assert less.rounded.incl <= greater.rounded.incl


@settings(deadline=None)
@given(priced_by=tariffs, periods=period_lists)
def test_a_report_survives_json_and_any_decimal_context(priced_by: Tariff, periods: list[Period]) -> None:
    report = price_periods(tariff=priced_by, start=TEN, end=TEN, periods=periods)
    adapter = TypeAdapter(Report)
    assert adapter.validate_json(adapter.dump_json(report)) == report
    lines = report.lines()
    with localcontext(prec=2, rounding=ROUND_DOWN):
        again = price_periods(tariff=priced_by, start=TEN, end=TEN, periods=periods)
        assert again.lines() == lines
    assert again == report


@settings(deadline=None)
@given(price=prices, cuts=st.lists(st.integers(1, 7199), unique=True, max_size=5))
def test_how_a_session_is_cut_does_not_change_what_its_time_costs(price: Decimal, cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), 7200]
    periods = [
        Period(start=TEN + timedelta(seconds=begin), charging_seconds=Decimal(until - begin))
        for begin, until in pairwise(bounds)
    ]
    by_time = tariff({"type": "TIME", "price": price, "vat": 25})
    report = price_periods(tariff=by_time, start=TEN, end=TEN + timedelta(hours=2), periods=periods)
    assert [total.excl for total in report.totals if total.dimension is Dimension.TIME] == [price * 2]
