"""The price of a kWh at a moment is what a session that begins then pays for it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.pricing import (
    Charging,
    MissingSpotPrice,
    SpotDay,
    SpotPrices,
    TariffNotInForce,
    parse_tariff,
    price_of_energy,
    price_session,
)

OSLO = ZoneInfo("Europe/Oslo")
ENERGY = {"type": "ENERGY", "price": Decimal("3.20"), "vat": 25}
SPOT = {"type": "ENERGY_SPOT", "bidding_zone": "NO1", "margin": Decimal("0.25"), "margin_percentage": 5, "vat": 25}
AT_TIMES = {"start_time": "22:15", "end_time": "06:30"}
TARIFFS: dict[str, list[dict[str, Any]]] = {
    "flat": [{"price_components": [ENERGY, {"type": "FLAT", "price": 4, "vat": 25}]}],
    "night": [{"price_components": [{**ENERGY, "price": 1}], "restrictions": AT_TIMES}, {"price_components": [ENERGY]}],
    "only at times": [{"price_components": [ENERGY], "restrictions": AT_TIMES}],
    "by power": [
        {"price_components": [{**ENERGY, "price": 6}], "restrictions": {"min_power": 12}},
        {"price_components": [ENERGY]},
    ],
    "after 5 kWh": [
        {"price_components": [{**ENERGY, "price": 9}], "restrictions": {"min_kwh": 5}},
        {"price_components": [ENERGY]},
    ],
    "spot": [{"price_components": [SPOT]}],
    "locked": [{"price_components": [{**SPOT, "type": "ENERGY_SPOT_LOCKED"}]}],
}
DAY = SpotDay(
    bidding_zone="NO1",
    date=date(2026, 1, 15),
    currency="NOK",
    resolution_minutes=15,
    prices=tuple(Decimal(number - 40) / 100 for number in range(96)),
)


def tariff(elements: list[dict[str, Any]], **more: Any) -> Any:
    return parse_tariff({"id": "t", "currency": "NOK", "elements": elements, **more}, currency="NOK", one_vat_rate=True)


def price_at(local: datetime, elements: list[dict[str, Any]], **more: Any) -> Decimal:
    return price_of_energy(
        tariff=tariff(elements, **more),
        local=local,
        power_w=Decimal(11_000),
        current_a=Decimal(48),
        spot_prices=SpotPrices([DAY]),
    )


@pytest.mark.parametrize("name", TARIFFS)
@pytest.mark.parametrize("included", ["YES", "NO"])
@pytest.mark.parametrize("quarter", [0, 25, 26, 50, 88, 89])
def test_it_is_what_a_session_pays_that_begins_then(name: str, included: str, quarter: int) -> None:
    if included == "YES" and name in {"spot", "locked"}:
        return  # refused as a tariff
    elements = TARIFFS[name]
    local = (datetime(2026, 1, 14, 23, tzinfo=UTC) + timedelta(minutes=15 * quarter)).astimezone(OSLO)
    charging = Charging(
        start=local,
        end=local + timedelta(minutes=6),
        energy_wh=Decimal(1100),
        timezone="Europe/Oslo",
    )
    report = price_session(
        tariff=tariff(elements, tax_included=included), charging=charging, spot_prices=SpotPrices([DAY])
    )
    energy = next(total for total in report.totals if total.dimension == "ENERGY")
    assert price_at(local, elements, tax_included=included) * Decimal("1.1") == energy.incl


def test_what_is_not_known_or_not_meant_for_that_time_is_no_price() -> None:
    with pytest.raises(MissingSpotPrice):
        price_at(datetime(2026, 1, 16, 0, tzinfo=OSLO), TARIFFS["spot"])
    with pytest.raises(TariffNotInForce):
        price_at(datetime(2026, 1, 15, 0, tzinfo=OSLO), TARIFFS["flat"], start_date_time="2026-02-01T00:00:00Z")
