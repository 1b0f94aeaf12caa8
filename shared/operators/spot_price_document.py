"""A market day's spot prices as JSON: what may stand in them, and all that is wrong with them at once."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from shared.json_documents import DocumentRefused, FieldFault
from shared.money import known_currencies

from .fields import calendar_date

if TYPE_CHECKING:
    from shared.pricing import SpotDay

_FIELDS: Final = ("biddingZone", "date", "currency", "resolutionMinutes", "prices")
_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)
_LONGEST_DAY: Final = 100
_DECIMALS: Final = 12
_SLOTS: Final = {15: "quarter hours", 60: "hours"}

# The day-ahead market takes bids from -500 to 4,000 EUR per MWh, and moves these limits now and then. Per kWh, with
# room for that, and at a generous rate in the other currencies: no real price lies outside. A day put per MWh lies
# inside only if it was all but free from midnight to midnight.
LIMITS: Final = {
    "EUR": (Decimal(-2), Decimal(10)),
    "NOK": (Decimal(-24), Decimal(120)),
    "SEK": (Decimal(-24), Decimal(120)),
    "DKK": (Decimal(-16), Decimal(80)),
    "ISK": (Decimal(-300), Decimal(1500)),
}


def spot_day_of(document: Mapping[str, Any], *, bidding_zone: str, date_text: str) -> "SpotDay":
    """The day that `document` states for the path's zone and date, which it may repeat. Raises DocumentRefused."""
    from shared.pricing import SpotDay, prices_in

    day, day_fault = _market_day(date_text)
    currency: Any = document.get("currency")
    resolution: Any = document.get("resolutionMinutes")
    prices: Any = document.get("prices")
    single = {
        "biddingZone": _zone_fault(bidding_zone) or _repetition_fault(document.get("biddingZone"), bidding_zone),
        "date": day_fault or _repetition_fault(document.get("date"), date_text),
        "currency": _currency_fault(currency),
        "resolutionMinutes": _resolution_fault(resolution),
        "prices": None if isinstance(prices, list) else "must be a list of numbers, the prices per kWh without VAT",
    }
    faults = [FieldFault(field=field, message=message) for field, message in single.items() if message]
    faults += _unknown(document)
    if isinstance(prices, list):
        if day is not None and not single["resolutionMinutes"]:
            due = prices_in(day, resolution_minutes=resolution)
            if len(prices) != due:
                message = f"{day} has {due} {_SLOTS[resolution]}, and {len(prices)} prices came"
                faults.append(FieldFault(field="prices", message=message))
        faults += _price_faults(prices, currency=None if single["currency"] else currency)
    if faults or day is None:
        raise DocumentRefused(*faults)
    return SpotDay(
        bidding_zone=bidding_zone,
        date=day,
        currency=currency,
        resolution_minutes=resolution,
        prices=tuple(Decimal(price) for price in prices),
    )


def _market_day(text: str) -> tuple[date | None, str | None]:
    try:
        day = calendar_date(text)
    except ValueError as fault:
        return None, str(fault)
    if not _FIRST <= day <= _LAST:
        return None, f"must be a day from {_FIRST} to {_LAST}"
    return day, None


def _zone_fault(bidding_zone: str) -> str | None:
    from shared.pricing import BIDDING_ZONES

    return None if bidding_zone in BIDDING_ZONES else f"must be one of {', '.join(BIDDING_ZONES)}"


def _repetition_fault(stated: object, in_path: str) -> str | None:
    return None if stated is None or stated == in_path else "must be the one in the path"


def _currency_fault(currency: object) -> str | None:
    known = known_currencies()
    if currency is None:
        return f"is required: one of {', '.join(sorted(known))}"
    return None if isinstance(currency, str) and currency in known else f"must be one of {', '.join(sorted(known))}"


def _resolution_fault(resolution: object) -> str | None:
    if resolution is None:
        return "is required: 15 or 60"
    return None if type(resolution) is int and resolution in _SLOTS else "must be 15 or 60"


def _unknown(document: Mapping[str, Any]) -> Iterator[FieldFault]:
    for name in document:
        if name not in _FIELDS:
            yield FieldFault(field=name, message=f"is no field of spot prices, which have {', '.join(_FIELDS)}")


def _price_faults(prices: list[Any], *, currency: str | None) -> Iterator[FieldFault]:
    """What is wrong with single prices; of a list that no day can have, with the first ones."""
    for number, price in enumerate(prices[:_LONGEST_DAY]):
        if message := _price_fault(price, currency=currency):
            yield FieldFault(field=f"prices[{number}]", message=message)


def _price_fault(price: object, *, currency: str | None) -> str | None:
    if isinstance(price, bool) or not isinstance(price, int | Decimal):
        return "must be a number"
    if currency is not None:
        lowest, highest = LIMITS[currency]
        if not lowest <= price <= highest:
            return (
                f"must be from {lowest} to {highest} {currency} per kWh, as all prices of the market are; "
                "one per MWh, as the market publishes it, must be divided by 1000"
            )
    if len(format(Decimal(price), "f").partition(".")[2].rstrip("0")) > _DECIMALS:
        return f"must have at most {_DECIMALS} decimals"
    return None
