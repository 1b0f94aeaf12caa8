"""The examples in docs/pricing.md are what the engine says, line by line."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from shared.json_documents import parse_json
from shared.pricing import Charging, Reading, SpotDay, SpotPrices, Tariff, parse_tariff, price_session

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "pricing.md").read_text("utf-8")
SESSION = Charging(
    start=datetime.fromisoformat("2026-01-15T15:40:00+01:00"),
    end=datetime.fromisoformat("2026-01-15T18:25:00+01:00"),
    energy_wh=Decimal(20450),
    register_at_start_wh=Decimal(100_000),
    readings=(
        Reading(at=datetime.fromisoformat("2026-01-15T16:10:00+01:00"), energy_wh=Decimal(105_400)),
        Reading(at=datetime.fromisoformat("2026-01-15T17:55:00+01:00"), energy_wh=Decimal(120_450)),
    ),
    timezone="Europe/Oslo",
)


def tariff(text: str) -> Tariff:
    document = parse_json(text.encode())
    assert isinstance(document, dict)
    return parse_tariff(document, currency="NOK", one_vat_rate=True)


def test_the_session_on_the_page_is_printed_as_it_stands_there() -> None:
    evening = tariff((ROOT / "tests" / "samples" / "tariff-evening.json").read_text("utf-8"))
    _, *lines = price_session(tariff=evening, charging=SESSION).lines()
    shown = "\n".join(line for line in lines if not line.startswith("Note: "))
    assert shown in PAGE
    assert shown.endswith("= 113.80 NOK incl. VAT")


def test_prices_that_include_vat_are_taken_apart_as_on_the_page() -> None:
    component = '{"type": "ENERGY", "price": 3.99, "vat": 25}'
    gross = tariff(f'{{"id": "g", "currency": "NOK", "tax_included": "YES", '
                   f'"elements": [{{"price_components": [{component}]}}]}}')  # fmt: skip
    report = price_session(tariff=gross, charging=SESSION)
    assert report.rounded is not None
    assert "is 81.5955 x 100 / 125 = 65.2764 excl." in PAGE
    assert (report.total_incl, report.total_excl) == (Decimal("81.5955"), Decimal("65.2764"))
    assert "incl. 81.5955 becomes 81.60, VAT is 81.60 x 25 / 125 = 16.32, excl. is the difference, 65.28" in PAGE
    paid = report.rounded
    assert (paid.incl, paid.vat, paid.excl) == (Decimal("81.60"), Decimal("16.32"), Decimal("65.28"))


def test_the_spot_price_follows_the_formula_on_the_page() -> None:
    component = (
        '{"type": "ENERGY_SPOT", "bidding_zone": "NO1", "margin": 0.25, "margin_percentage": 5, '
        '"price_cap": 2, "cost_percentage": 90, "vat": 25}'
    )
    spot = tariff(f'{{"id": "s", "currency": "NOK", "elements": [{{"price_components": [{component}]}}]}}')
    prices = SpotDay(
        bidding_zone="NO1",
        date=date(2026, 1, 15),
        currency="NOK",
        resolution_minutes=60,
        prices=(Decimal("1.80"),) * 24,
    )
    report = price_session(tariff=spot, charging=SESSION, spot_prices=SpotPrices([prices]))
    assert "at 1.80: 1.80 x 1.05 + 0.25 = 2.14, capped 2.00, x 0.9 = 1.80." in PAGE
    assert report.periods[0].dimensions[0].unit_price == Decimal("1.8")
