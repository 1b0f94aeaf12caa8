"""Use case: what a tariff would charge, without a session: for an example, and hour by hour of a week."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from shared.operators import Operator
from shared.pricing import (
    Charging,
    MissingSpotPrice,
    PricingError,
    Report,
    SpotPrices,
    Tariff,
    market_days,
    price_of_energy,
    price_session,
)

from .costing import SpotMarket

EXAMPLE_WH = Decimal(20_000)
EXAMPLE_LASTS = timedelta(hours=2)
WEEK_POWER_W = Decimal(11_000)
"""What a charger with three phases of 16 A gives."""
WEEK_CURRENT_A = Decimal(48)
_DAYS, _HOURS = 7, 24
_QUARTERS = (0, 15, 30, 45)


@dataclass(frozen=True, kw_only=True)
class PricedHour:
    """An hour on the wall clock of `day`. `prices` are those of a kWh incl. VAT at its quarters; empty if they are not
    known, and `fault` then says why.
    """

    day: date
    hour: int
    prices: tuple[Decimal, ...] = ()
    fault: str | None = None


async def example_of(*, operator: Operator, tariff: Tariff, start: datetime, market: SpotMarket) -> Report:
    """20 kWh in two hours from `start` on, at a site in the operator's time zone. Raises PricingError."""
    end = start + EXAMPLE_LASTS
    charging = Charging(start=start, end=end, energy_wh=EXAMPLE_WH, timezone=operator.timezone)
    spot_prices = await _spot_prices(operator, tariff, start=start, end=end, market=market)
    return price_session(tariff=tariff, charging=charging, spot_prices=spot_prices)


async def week_of(*, operator: Operator, tariff: Tariff, monday: date, market: SpotMarket) -> list[PricedHour]:
    """Seven days from `monday` on, each of 24 hours in the operator's time zone: what a session that starts then with
    11 kW pays for a kWh.
    """
    zone = ZoneInfo(operator.timezone)
    start = datetime.combine(monday, time(), tzinfo=zone)
    end = start + timedelta(days=_DAYS)
    spot_prices = await _spot_prices(operator, tariff, start=start, end=end, market=market)
    days = [monday + timedelta(days=number) for number in range(_DAYS)]
    return [_hour(tariff, day, hour, zone, spot_prices) for day in days for hour in range(_HOURS)]


def _hour(tariff: Tariff, day: date, hour: int, zone: ZoneInfo, spot_prices: SpotPrices) -> PricedHour:
    instants = list(_quarters(day, hour, zone))
    if not instants:
        return PricedHour(day=day, hour=hour, fault="the clock goes forward: there is no such hour")
    try:
        prices = tuple(
            price_of_energy(
                tariff=tariff,
                local=instant,
                power_w=WEEK_POWER_W,
                current_a=WEEK_CURRENT_A,
                spot_prices=spot_prices,
            )
            for instant in instants
        )
    except MissingSpotPrice as error:
        return PricedHour(day=day, hour=hour, fault=f"no spot price of {error.bidding_zone} is stored for {error.day}")
    except PricingError as error:
        return PricedHour(day=day, hour=hour, fault=str(error))
    return PricedHour(day=day, hour=hour, prices=prices)


def _quarters(day: date, hour: int, zone: ZoneInfo) -> Iterator[datetime]:
    """Those of the hour that are on the clock, of one that comes twice the first."""
    for minute in _QUARTERS:
        local = datetime.combine(day, time(hour, minute), tzinfo=zone)
        if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            yield local


async def _spot_prices(
    operator: Operator, tariff: Tariff, *, start: datetime, end: datetime, market: SpotMarket
) -> SpotPrices:
    found = []
    for zone in _bidding_zones(tariff):
        for day in market_days(start=start, end=end):
            found.append(await market.spot_day(operator.gln, zone, day))
    return SpotPrices(day for day in found if day is not None)


def _bidding_zones(tariff: Tariff) -> Iterable[str]:
    return dict.fromkeys(each.spot.bidding_zone for each in tariff.price_components if each.spot is not None)
