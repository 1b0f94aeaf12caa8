"""What holds for every price: sums add up, nothing is lost, more never costs less."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal, localcontext
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.pricing import (
    Charging,
    Dimension,
    Period,
    Report,
    Tariff,
    parse_tariff,
    price_periods,
    price_session,
    tariff_as_document,
)
from tests.unit.pricing.made_up import TEN, part, spot_prices, tariff, tariff_of
from tests.unit.pricing.random_sessions import (
    OSLO,
    SECOND,
    by_energy,
    by_the_clock,
    elements,
    period_lists,
    priced,
    prices,
    rates,
    sessions,
    steps,
    tariffs,
)

CENT = Decimal("0.01")
MICROSECOND = timedelta(microseconds=1)
TOTALS: tuple[tuple[str, Callable[[Report], Decimal]], ...] = (
    ("excl", lambda report: report.total_excl),
    ("incl", lambda report: report.total_incl),
)


def walk(value: Any) -> Iterator[Any]:
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from walk(getattr(value, each.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from walk(each)
    else:
        yield value


def check_sums(report: Report) -> None:
    with localcontext(prec=100):
        for each in report.totals:
            own = [part for period in report.periods for part in period.dimensions if part.dimension is each.dimension]
            assert sum(part.excl for part in own) == each.excl
            assert sum(part.incl for part in own) == each.incl
            assert sum(part.measured for part in own) == each.measured
            assert sum(part.billed for part in own) == each.billed
            assert all(part.billed >= part.measured for part in own)
        sums = {side: sum(getattr(each, side) for each in report.totals) for side, _ in TOTALS}
    for side, total in TOTALS:
        bite = getattr(report.cap, side) if report.cap else None
        assert sums[side] == (bite.before if bite else total(report))
        assert bite is None or bite.bound == total(report)
    assert not [leaf for leaf in walk(report) if isinstance(leaf, float)]


@settings(deadline=None, max_examples=60)
@given(priced_by=tariffs(), periods=period_lists)
def test_periods_of_a_cdr_add_up_to_the_totals(priced_by: Tariff, periods: list[Period]) -> None:
    report = price_periods(
        tariff=priced_by, start=TEN, end=TEN, periods=periods, timezone=OSLO, spot_prices=spot_prices()
    )
    check_sums(report)


@settings(deadline=None, max_examples=60)
@given(priced_by=tariffs(), of=sessions())
def test_periods_of_a_session_add_up_to_all_of_it(priced_by: Tariff, of: Charging) -> None:
    report = priced(priced_by, of)
    check_sums(report)
    assert (report.periods[0].start, report.periods[-1].end) == (of.start, of.end)
    assert all(one.end == next_one.start for one, next_one in pairwise(report.periods))
    measured = {total.dimension: total.measured for total in report.totals}
    energy = measured.get(Dimension.ENERGY, Decimal(0))
    time = sum(measured.get(each, Decimal(0)) for each in (Dimension.TIME, Dimension.PARKING_TIME))
    assert energy * 1000 == of.energy_wh
    assert time == (of.end - of.start) // SECOND
    for period in report.periods:
        timed = [part.measured for part in period.dimensions if part.unit == "s"]
        assert timed == [(period.end - period.start) // MICROSECOND * Decimal("0.000001")]


@settings(deadline=None, max_examples=60)
@given(priced_by=tariffs(vat=st.just(25)) | tariffs(vat=st.just(Decimal("25.5"))), of=sessions(), gross=st.booleans())
def test_net_and_vat_are_gross_on_what_is_charged(priced_by: Tariff, of: Charging, gross: bool) -> None:
    report = priced(replace(priced_by, tax_included="YES" if gross else None), of)
    paid = report.rounded
    assert paid is not None
    assert paid.excl + paid.vat == paid.incl
    assert all(amount == amount.quantize(CENT) for amount in (paid.excl, paid.vat, paid.incl))
    agreed, due = (paid.incl, report.total_incl) if gross else (paid.excl, report.total_excl)
    # A gross limit that was promised is kept, and the net figure then follows from it.
    assert abs(agreed - due) <= CENT / 2 or (report.cap or priced_by.min_price or priced_by.max_price)
    of_net = paid.excl * priced_by.vat_percent / 100 if priced_by.vat_percent is not None else Decimal(0)
    assert abs(paid.vat - of_net) <= CENT


@settings(deadline=None, max_examples=60)
@given(priced_by=tariffs() | tariffs(vat=st.just(25)), periods=period_lists)
def test_without_one_rate_nothing_is_rounded_and_with_one_the_gross_limits_are_kept(
    priced_by: Tariff, periods: list[Period]
) -> None:
    paid = price_periods(
        tariff=priced_by, start=TEN, end=TEN, periods=periods, timezone=OSLO, spot_prices=spot_prices()
    ).rounded
    assert (paid is None) == (priced_by.vat_percent is None)
    if paid and priced_by.max_price and priced_by.max_price.incl is not None:
        assert paid.incl <= priced_by.max_price.incl + CENT / 2
    if paid and priced_by.min_price and priced_by.min_price.incl is not None:
        assert paid.incl >= priced_by.min_price.incl - CENT / 2


def energy_and_flat(step: st.SearchStrategy[int]) -> st.SearchStrategy[list[dict[str, Any]]]:
    own = st.builds(
        lambda kind, price, vat, step: part(kind, str(price), vat, step),
        st.sampled_from(["ENERGY", "FLAT"]),
        prices,
        rates,
        step,
    )
    return st.lists(own, min_size=1, max_size=2, unique_by=lambda each: each["type"])


# The step size is that of the last component, and the clock and the energy together decide which kWh costs what: with
# both, or with steps behind restrictions, more energy can rightly come to cost less. One at a time it never does.
never_cheaper = (
    elements(energy_and_flat(steps), st.just({}))
    | elements(energy_and_flat(st.just(0)), by_the_clock)
    | elements(energy_and_flat(st.just(0)), by_energy)
)


@settings(deadline=None, max_examples=60)
@given(priced_by=never_cheaper, of=sessions(), times=st.integers(1, 4), most=st.none() | prices)
def test_more_energy_never_costs_less(
    priced_by: list[dict[str, Any]], of: Charging, times: int, most: Decimal | None
) -> None:
    limits: dict[str, Any] = (
        {} if most is None else {"max_price": {"excl_vat": most}, "min_price": {"excl_vat": most / 2}}
    )
    by = tariff_of(*priced_by, **limits)
    greater = replace(
        of,
        energy_wh=of.energy_wh * times,
        readings=tuple(replace(each, energy_wh=each.energy_wh * times) for each in of.readings),
    )
    less, more = priced(by, of), priced(by, greater)
    assert less.total_excl <= more.total_excl
    assert less.total_incl <= more.total_incl
    if less.rounded and more.rounded:
        assert less.rounded.incl <= more.rounded.incl


@settings(deadline=None, max_examples=60)
@given(priced_by=tariffs(), of=sessions())
def test_a_report_survives_json_and_any_decimal_context(priced_by: Tariff, of: Charging) -> None:
    report = priced(priced_by, of)
    adapter = TypeAdapter(Report)
    assert adapter.validate_json(adapter.dump_json(report)) == report
    lines = report.lines()
    with localcontext(prec=2, rounding=ROUND_DOWN):
        again = price_session(tariff=priced_by, charging=of, spot_prices=spot_prices())
        assert again.lines() == lines
    assert again == report


@settings(deadline=None)
@given(price=prices, cuts=st.lists(st.integers(1, 7199), unique=True, max_size=5))
def test_how_a_session_is_cut_does_not_change_what_its_time_costs(price: Decimal, cuts: list[int]) -> None:
    periods = [
        Period(start=TEN + begin * SECOND, charging_seconds=Decimal(until - begin))
        for begin, until in pairwise([0, *sorted(cuts), 7200])
    ]
    by_time = tariff(part("TIME", str(price)))
    report = price_periods(tariff=by_time, start=TEN, end=TEN + 7200 * SECOND, periods=periods, timezone=OSLO)
    assert report.total_excl == price * 2


@settings(deadline=None, max_examples=60)
@given(priced_by=tariffs())
def test_a_tariff_that_was_printed_is_read_as_the_same(priced_by: Tariff) -> None:
    assert parse_tariff(tariff_as_document(priced_by), currency="NOK", one_vat_rate=False) == priced_by
