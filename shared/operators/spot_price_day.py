"""Spot prices as an operator has put them, a market day at a time."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from .fields import CalendarDate

if TYPE_CHECKING:
    from shared.pricing import SpotDay


@dataclass(frozen=True, kw_only=True)
class SpotPriceDay:
    """The prices of one market day, per kWh without VAT, in order. `revision` changes with every PUT."""

    bidding_zone: str
    day: CalendarDate
    currency: str
    resolution_minutes: int
    prices: tuple[Decimal, ...]
    updated_at: datetime
    revision: str

    def as_priced(self) -> "SpotDay":
        """The same as sessions are priced with it."""
        from shared.pricing import SpotDay

        return SpotDay(
            bidding_zone=self.bidding_zone,
            date=self.day,
            currency=self.currency,
            resolution_minutes=self.resolution_minutes,
            prices=self.prices,
        )

    def in_short(self) -> "SpotPriceSummary":
        """What a list shows of it."""
        return SpotPriceSummary(
            bidding_zone=self.bidding_zone,
            day=self.day,
            currency=self.currency,
            resolution_minutes=self.resolution_minutes,
            lowest_price=min(self.prices),
            highest_price=max(self.prices),
            updated_at=self.updated_at,
        )


@dataclass(frozen=True, kw_only=True)
class SpotPriceSummary:
    """A market day whose prices are there."""

    bidding_zone: str
    day: CalendarDate
    currency: str
    resolution_minutes: int
    lowest_price: Decimal
    highest_price: Decimal
    updated_at: datetime
