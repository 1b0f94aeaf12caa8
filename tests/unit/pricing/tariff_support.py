"""Tariff documents to start from, and every tariff that there can be."""

from datetime import UTC, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st

from shared.pricing import BIDDING_ZONES, Dimension, Tariff, TariffRefused, parse_tariff
from shared.pricing.energy_mix import EnergyMix, EnergySource, EnvironmentalImpact
from shared.pricing.restrictions import DayOfWeek, Reservation, Restrictions
from shared.pricing.tariff import AltText, Fee, FeeKind, PriceComponent, PriceLimit, SpotTerms, TariffElement


def flat() -> dict[str, Any]:
    """A tariff of one rate with a maximum."""
    return {
        "id": "flat",
        "currency": "NOK",
        "elements": [
            {
                "price_components": [
                    {"type": "ENERGY", "price": Decimal("3.2"), "vat": 25, "step_size": 1},
                    {"type": "FLAT", "price": 4, "vat": 25},
                ]
            }
        ],
        "max_price": {"excl_vat": Decimal("400.00"), "incl_vat": Decimal("500.00")},
    }


def spot() -> dict[str, Any]:
    """A tariff that follows the spot price."""
    component = {"type": "ENERGY_SPOT", "biddingZone": "NO1", "margin": Decimal("0.25"), "vat": 25}
    return {"id": "spot", "currency": "NOK", "elements": [{"price_components": [component]}]}


def component(document: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """One of the first element's components, to be changed in place."""
    found: dict[str, Any] = document["elements"][0]["price_components"][number]
    return found


def parsed(document: Any, *, one_vat_rate: bool = True) -> Tariff:
    """Read for an operator in Norway."""
    return parse_tariff(document, currency="NOK", one_vat_rate=one_vat_rate)


def faults(document: Any, *, one_vat_rate: bool = True) -> dict[str, str]:
    """Why it is refused, by field; that it is refused is asserted."""
    with pytest.raises(TariffRefused) as caught:
        parsed(document, one_vat_rate=one_vat_rate)
    found = caught.value.faults
    assert isinstance(found, tuple)
    assert len({fault.field for fault in found}) == len(found)
    return {fault.field: fault.message for fault in found}


def decimals(least: int, most: int, places: int) -> st.SearchStrategy[Decimal]:
    """Every number of so many decimals from `least` to `most`, both included."""
    scale = 10**places
    return st.integers(least * scale, most * scale).map(lambda number: Decimal(number).scaleb(-places))


_LARGEST = 10**9 - 1
_amounts = decimals(0, _LARGEST, 12)
_rates = decimals(0, 100, 4)
_steps = st.integers(0, 1_000_000)
_optional = st.none


def _rising[Value](values: st.SearchStrategy[Value]) -> st.SearchStrategy[tuple[Value | None, Value | None]]:
    """A minimum and a maximum above it, either of which may be absent."""
    both = st.lists(values, min_size=2, max_size=2, unique=True).map(lambda pair: tuple(sorted(pair)))  # type: ignore[type-var]  # numbers and dates
    return st.one_of(
        st.just((None, None)),
        values.map(lambda value: (value, None)),
        values.map(lambda value: (None, value)),
        both,
    )


_minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@st.composite
def _restrictions(draw: st.DrawFn) -> Restrictions:
    start_date, end_date = draw(_rising(st.dates()))
    min_kwh, max_kwh = draw(_rising(decimals(0, _LARGEST, 6)))
    min_current, max_current = draw(_rising(_amounts))
    min_power, max_power = draw(_rising(_amounts))
    min_duration, max_duration = draw(_rising(st.integers(0, _LARGEST)))
    return Restrictions(
        start_time=draw(_optional() | _minutes),
        end_time=draw(_optional() | _minutes),
        start_date=start_date,
        end_date=end_date,
        min_kwh=min_kwh,
        max_kwh=max_kwh,
        min_current=min_current,
        max_current=max_current,
        min_power=min_power,
        max_power=max_power,
        min_duration=min_duration,
        max_duration=max_duration,
        day_of_week=tuple(draw(st.lists(st.sampled_from(DayOfWeek), unique=True))),
        reservation=draw(_optional() | st.sampled_from(Reservation)),
    )


_spot_terms = st.builds(
    SpotTerms,
    bidding_zone=st.sampled_from(BIDDING_ZONES),
    is_locked=st.booleans(),
    margin=decimals(-_LARGEST, _LARGEST, 12),
    margin_percentage=decimals(-100, 1000, 12),
    price_cap=_optional() | _amounts,
    cost_percentage=decimals(0, 1000, 12),
)


@st.composite
def _elements(draw: st.DrawFn, *, tax_included: str | None) -> TariffElement:
    rates = _optional() | (st.just(Decimal(0)) if tax_included == "N/A" else _rates)
    plain = st.builds(PriceComponent, dimension=st.sampled_from(Dimension), price=_amounts, vat=rates, step_size=_steps)
    following = st.builds(
        PriceComponent,
        dimension=st.just(Dimension.ENERGY),
        price=st.just(Decimal(0)),
        vat=rates,
        step_size=_steps,
        spot=_spot_terms,
    )
    fees = st.builds(
        Fee, kind=st.sampled_from(FeeKind), price=_optional() | _amounts, vat=_optional() | _rates, step_size=_steps
    )
    pricing = plain if tax_included == "YES" else plain | following
    prices = draw(st.lists(pricing, max_size=3, unique_by=lambda each: each.dimension))
    components: list[PriceComponent | Fee] = [*prices, *draw(st.lists(fees, min_size=0 if prices else 1, max_size=2))]
    restrictions = draw(st.just(Restrictions()) | _restrictions())
    return TariffElement(components=tuple(draw(st.permutations(components))), restrictions=restrictions)


@st.composite
def _limits(draw: st.DrawFn) -> tuple[PriceLimit | None, PriceLimit | None]:
    """With both sides or the net one alone, so that a minimum is never above the maximum on either."""
    (least, most), (least_incl, most_incl) = draw(_rising(_amounts)), draw(_rising(_amounts))
    if least_incl is None or most_incl is None:
        least_incl = most_incl = None
    return (
        None if least is None else PriceLimit(excl=least, incl=least_incl),
        None if most is None else PriceLimit(excl=most, incl=most_incl),
    )


_words = st.text(st.characters(codec="utf-8"), max_size=64)
_energy_mixes = st.builds(
    EnergyMix,
    is_green_energy=st.booleans(),
    energy_sources=st.lists(
        st.builds(EnergySource, source=st.sampled_from(["NUCLEAR", "WATER"]), percentage=decimals(0, 100, 12)),
        max_size=2,
    ).map(tuple),
    environ_impact=st.lists(
        st.builds(EnvironmentalImpact, category=st.sampled_from(["NUCLEAR_WASTE", "CARBON_DIOXIDE"]), amount=_amounts),
        max_size=2,
    ).map(tuple),
    supplier_name=_optional() | _words,
    energy_product_name=_optional() | _words,
)


@st.composite
def any_tariff(draw: st.DrawFn) -> Tariff:
    """Whatever a tariff can hold, as a partner may send it."""
    tax_included: Any = draw(st.sampled_from([None, "YES", "NO", "N/A"]))
    starts, ends = draw(_rising(st.datetimes(timezones=st.just(UTC))))
    least, most = draw(_limits())
    return Tariff(
        id=draw(st.text("abcXYZ-_ 09øæ", min_size=1, max_size=36)),
        currency=draw(st.sampled_from(["NOK", "EUR", "ISK", "CHF"])),
        elements=tuple(draw(st.lists(_elements(tax_included=tax_included), min_size=1, max_size=3))),
        min_price=least,
        max_price=most,
        starts=starts,
        ends=ends,
        tax_included=tax_included,
        country_code=draw(st.sampled_from([None, "NO", "fi"])),
        party_id=draw(st.sampled_from([None, "EMA", "1"])),
        type=draw(st.sampled_from([None, "AD_HOC_PAYMENT", "PROFILE_GREEN"])),
        tariff_alt_text=tuple(draw(st.lists(st.builds(AltText, language=st.just("nb"), text=_words), max_size=2))),
        tariff_alt_url=draw(st.sampled_from([None, "https://example.org/priser?for=øl"])),
        energy_mix=draw(_optional() | _energy_mixes),
        preauthorize_amount=draw(_optional() | _amounts),
        last_updated=draw(st.sampled_from([None, "2026-01-15T09:30:00.1234567Z"])),
    )
