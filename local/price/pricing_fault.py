"""Which field of the CDR stands in the way of a price, and what to do about it."""

from shared.json_documents import FieldFault
from shared.pricing import (
    CurrentUnknown,
    EndsBeforeItStarts,
    MissingSpotPrice,
    MissingVolume,
    PeriodOutOfPlace,
    PowerUnknown,
    PricingError,
    SpotPriceInOtherCurrency,
    TariffNotInForce,
)


def fault_of(error: PricingError) -> FieldFault:
    """The engine's reason with the path of the field that it is about; of spot prices the path is the bidding zone."""
    period = getattr(error, "period", None)
    place = "charging_periods" if period is None else f"charging_periods[{period}].dimensions"
    remedy = ""
    match error:
        case PeriodOutOfPlace():
            place = f"charging_periods[{period}].start_date_time"
        case EndsBeforeItStarts():
            place = "end_date_time"
        case TariffNotInForce():
            place, remedy = "start_date_time", "price with the tariff that was valid then"
        case MissingVolume():
            remedy = "state it, as 0 if there was none"
        case PowerUnknown():
            remedy = "state MIN_POWER and MAX_POWER, or POWER, or ENERGY and TIME"
        case CurrentUnknown():
            remedy = "state MIN_CURRENT and MAX_CURRENT, or CURRENT"
        case MissingSpotPrice():
            place, remedy = error.bidding_zone, "give its market day with SPOT_PRICES=file"
        case SpotPriceInOtherCurrency():
            place, remedy = error.bidding_zone, "amounts are never converted"
    return FieldFault(field=place, message=f"{error}: {remedy}" if remedy else str(error))


def is_about_spot_prices(error: PricingError) -> bool:
    """Whether it is not the CDR that has to change."""
    return isinstance(error, MissingSpotPrice | SpotPriceInOtherCurrency)
