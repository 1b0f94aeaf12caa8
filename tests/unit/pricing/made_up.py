"""Tariffs and sessions as short as a test can say them. They start on a Thursday at ten (UTC), eleven in Oslo."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.pricing import Charging, Reading, SpotDay, SpotPrices, Tariff, parse_tariff

TEN = datetime(2026, 1, 15, 10, tzinfo=UTC)


def minutes(count: int | Decimal) -> datetime:
    """So many after TEN."""
    return TEN + timedelta(microseconds=int(Decimal(count) * 60_000_000))


def part(dimension: str, price: str | None, vat: int | None = 25, step_size: int = 0, **more: Any) -> dict[str, Any]:
    own = {} if price is None else {"price": Decimal(price)}
    return {"type": dimension, "vat": vat, "step_size": step_size, **own, **more}


def element(*components: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    return {"price_components": list(components), "restrictions": restrictions}


def tariff_of(*elements: dict[str, Any], **more: Any) -> Tariff:
    document = {"id": "t", "currency": "NOK", "elements": list(elements), **more}
    return parse_tariff(document, currency="NOK", one_vat_rate=False)


def tariff(*components: dict[str, Any], **more: Any) -> Tariff:
    """One element without restrictions."""
    return tariff_of(element(*components), **more)


def charging(
    *,
    hours: str = "2",
    energy_wh: str = "10000",
    start: datetime = TEN,
    readings: Sequence[Reading] = (),
    timezone: str = "Europe/Oslo",
) -> Charging:
    """The register stands at 0 at the start."""
    return Charging(
        start=start,
        end=start + timedelta(seconds=int(Decimal(hours) * 3600)),
        energy_wh=Decimal(energy_wh),
        readings=tuple(readings),
        register_at_start_wh=Decimal(0),
        timezone=timezone,
    )


def reading(minute: int, energy_wh: str, current_a: str | None = None) -> Reading:
    current = None if current_a is None else Decimal(current_a)
    return Reading(at=minutes(minute), energy_wh=Decimal(energy_wh), current_a=current)


def spot_prices(*, zone: str = "NO1", seed: int = 0) -> SpotPrices:
    """96 prices of that day, from -0.20 to 0.80; no two neighbours are the same."""
    prices = tuple(Decimal((seed + 37 * number) % 101 - 20) / 100 for number in range(96))
    return SpotPrices(
        [SpotDay(bidding_zone=zone, date=TEN.date(), currency="NOK", resolution_minutes=15, prices=prices)]
    )
