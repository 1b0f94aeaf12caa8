"""Spot prices: what a kWh costs on the day-ahead market, by bidding zone and market day."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from .pricing_error import MissingSpotPrice

# Where Nord Pool publishes prices that the charging platform's tariffs follow.
BIDDING_ZONES: Final = ("NO1", "NO2", "NO3", "NO4", "NO5", "SE1", "SE2", "SE3", "SE4", "FI", "DK1", "DK2")
RESOLUTIONS: Final = (15, 60)
_MARKET: Final = "Europe/Oslo"  # the market's day, whatever the site's zone
QUARTER: Final = timedelta(minutes=15)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotDay:
    """One market day (00 to 24 in Europe/Oslo): prices per kWh without VAT, in order; they may be negative.

    ValueError unless there is a price for each quarter (`resolution_minutes` 15) or hour (60) of the day: 92, 96 or
    100 quarters, 23, 24 or 25 hours.
    """

    bidding_zone: str
    date: date
    currency: str
    resolution_minutes: int
    prices: tuple[Decimal, ...]

    def __post_init__(self) -> None:
        due = prices_in(self.date, resolution_minutes=self.resolution_minutes)
        if len(self.prices) != due:
            raise ValueError(
                f"{self.date} has {due} prices of {self.resolution_minutes} minutes, not {len(self.prices)}"
            )


class SpotPrice(NamedTuple):
    """The price of a kWh in `bidding_zone` from `starts` on, for the quarter or the hour that the market priced."""

    bidding_zone: str
    starts: datetime
    price: Decimal
    currency: str


class _Day(NamedTuple):
    """A market day as it is looked up: by the time since its midnight, a price for each `slot`."""

    midnight: datetime
    slot: timedelta
    currency: str
    prices: tuple[Decimal, ...]


class SpotPrices:
    """The prices of some days, to be looked up by instant."""

    def __init__(self, days: Iterable[SpotDay] = ()) -> None:
        known = {(day.bidding_zone, day.date): day for day in days}
        self._days: dict[str, list[_Day]] = {}
        for day in sorted(known.values(), key=lambda day: day.date):
            slot = timedelta(minutes=day.resolution_minutes)
            since_midnight = _Day(midnight=_midnight(day.date), slot=slot, currency=day.currency, prices=day.prices)
            self._days.setdefault(day.bidding_zone, []).append(since_midnight)

    def at(self, *, bidding_zone: str, instant: datetime) -> SpotPrice:
        """The price at `instant`. Raises MissingSpotPrice, which names the quarter."""
        days = self._days.get(bidding_zone, ())
        begun = bisect_right(days, instant, key=lambda day: day.midnight)
        if begun:
            midnight, slot, currency, prices = days[begun - 1]
            number = (instant - midnight) // slot
            if number < len(prices):
                return SpotPrice(bidding_zone, midnight + number * slot, prices[number], currency)
        raise MissingSpotPrice(bidding_zone=bidding_zone, quarter=quarter_of(instant), day=market_day(instant))


def market_day(instant: datetime) -> date:
    """The market's day in which `instant` lies."""
    return instant.astimezone(ZoneInfo(_MARKET)).date()


def market_days(*, start: datetime, end: datetime) -> Iterator[date]:
    """Every market day from `start` to `end`, both included."""
    day, last = market_day(start), market_day(end)
    while day <= last:
        yield day
        day += timedelta(days=1)


def prices_in(day: date, *, resolution_minutes: int) -> int:
    """How many prices a market day has. ValueError for another resolution than 15 or 60 minutes."""
    if resolution_minutes not in RESOLUTIONS:
        raise ValueError(f"a price is for 15 or 60 minutes, not for {resolution_minutes}")
    return (_midnight(day + timedelta(days=1)) - _midnight(day)) // timedelta(minutes=resolution_minutes)


def quarter_of(instant: datetime) -> datetime:
    """The start of the quarter hour in which `instant` lies, in UTC; every time zone's quarters are UTC's too."""
    at = instant.astimezone(UTC)
    return at - (at - _EPOCH) % QUARTER


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(_MARKET)).astimezone(UTC)
