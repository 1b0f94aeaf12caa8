"""The folders of tests/cases/pricing: how they are read, and how what is in them is priced."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.price import parse_cdr, price_cdr
from shared.json_documents import parse_json
from shared.pricing import Charging, Reading, Report, SpotDay, SpotPrices, Tariff, parse_tariff, price_session

CASES = Path(__file__).parents[2] / "cases" / "pricing"
FOLDERS = sorted(CASES.iterdir())


def read(case: Path, name: str, otherwise: Any = None) -> Any:
    file = case / name
    return parse_json(file.read_bytes()) if file.exists() else otherwise


def spot_prices(case: Path) -> SpotPrices:
    return SpotPrices(
        SpotDay(
            bidding_zone=day["bidding_zone"],
            date=date.fromisoformat(day["date"]),
            currency=day["currency"],
            resolution_minutes=day["resolution_minutes"],
            prices=tuple(Decimal(price) for price in day["prices"]),
        )
        for day in read(case, "spot.json", [])
    )


def reading(of: dict[str, Any]) -> Reading:
    current = of.get("current_a")
    return Reading(
        at=datetime.fromisoformat(of["at"]),
        energy_wh=Decimal(of["energy_wh"]),
        current_a=None if current is None else Decimal(current),
    )


def charging(session: dict[str, Any]) -> Charging:
    register = session.get("register_at_start_wh")
    return Charging(
        start=datetime.fromisoformat(session["start"]),
        end=datetime.fromisoformat(session["end"]),
        energy_wh=Decimal(session["energy_wh"]),
        readings=tuple(reading(each) for each in session.get("readings", [])),
        register_at_start_wh=None if register is None else Decimal(register),
        timezone=session["timezone"],
    )


def priced(case: Path, tariff: Tariff) -> Report:
    known = spot_prices(case)
    if (case / "cdr.json").exists():
        place = read(case, "place.json", {"timezone": "Europe/Oslo"})
        cdr = parse_cdr(read(case, "cdr.json"))
        return price_cdr(tariff=tariff, cdr=cdr, timezone=place["timezone"], spot_prices=known)
    return price_session(tariff=tariff, charging=charging(read(case, "session.json")), spot_prices=known)


def tariff_in(case: Path) -> Tariff:
    """As a partner's tariff: of any currency, and of several VAT rates."""
    return parse_tariff(read(case, "tariff.json"), currency="NOK", one_vat_rate=False)


def is_priced(case: Path) -> bool:
    """Neither refused nor an error."""
    return "total_excl" in read(case, "expected.json")
