"""Which spot prices a tariff follows."""

from datetime import date, datetime
from typing import Final

from .matching import Match
from .pricing_error import SpotPriceInOtherCurrency
from .spot_price import SpotPrice, SpotPrices, market_day, market_days, quarter_of
from .tariff import Tariff

LONGEST_DAYS: Final = 110


def spot_price_for(
    match: Match | None, *, at: datetime, started: datetime, prices: SpotPrices, currency: str
) -> SpotPrice | None:
    """The spot price for energy charged from `at` on; None where none was charged or its price
    follows none.

    Raises MissingSpotPrice, and SpotPriceInOtherCurrency unless it is in the tariff's `currency`.
    """
    terms = match.applied.price.spot if match and match.applied else None
    if terms is None:
        return None
    instant = started if terms.is_locked else at
    found = prices.at(bidding_zone=terms.bidding_zone, instant=instant)
    if found.currency != currency:
        raise SpotPriceInOtherCurrency(
            bidding_zone=terms.bidding_zone, quarter=quarter_of(instant), currency=found.currency, wanted=currency
        )
    return found


def spot_days_needed(tariff: Tariff, *, start: datetime, end: datetime) -> list[tuple[str, date]]:
    """The bidding zones and market days whose prices a session may need: none if it is too long to be priced."""
    needed: dict[tuple[str, date], None] = {}
    for component in tariff.price_components:
        terms = component.spot
        if terms is None or (end - start).days >= LONGEST_DAYS:
            continue
        days = [market_day(start)] if terms.is_locked else market_days(start=start, end=end)
        needed.update(dict.fromkeys((terms.bidding_zone, day) for day in days))
    return list(needed)
