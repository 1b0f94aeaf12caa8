"""What a charging session costs, and why. Pure: a tariff and measurements in, an explained report out.

Tariffs are OCPI's, with the charging platform's spot prices. Nothing is priced at zero because something is missing.
"""

from shared.money import RoundedAmounts

from .charging import Charging, Period, Reading, Span
from .energy_curve import GRID_WH, EnergyCurve, energy_curve
from .price_of_energy import price_of_energy
from .pricer import price_periods, price_session
from .pricing_error import (
    CurrentUnknown,
    EndsBeforeItStarts,
    EnergyOffGrid,
    MissingSpotPrice,
    MissingVolume,
    NoPeriods,
    OutsideCalendar,
    PeriodOutOfPlace,
    PowerUnknown,
    PricingError,
    ReportTooLong,
    SessionTooLong,
    SpotPriceInOtherCurrency,
    TariffNotInForce,
    TooMuchToPrice,
    UnknownTimezone,
    VolumeOutOfRange,
)
from .report import Bite, Cap, DimensionTotal, PassedOver, PricedDimension, PricedPeriod, Report, SpotPart
from .spot_lookup import spot_days_needed
from .spot_price import (
    BIDDING_ZONES,
    RESOLUTIONS,
    SpotDay,
    SpotPrice,
    SpotPrices,
    market_day,
    market_days,
    prices_in,
    quarter_of,
)
from .tariff import Dimension, Tariff
from .tariff_documents import KEPT_FIELDS, FieldFault, TariffRefused, parse_tariff, tariff_as_document

__all__ = [
    "BIDDING_ZONES",
    "GRID_WH",
    "KEPT_FIELDS",
    "RESOLUTIONS",
    "Bite",
    "Cap",
    "Charging",
    "CurrentUnknown",
    "Dimension",
    "DimensionTotal",
    "EndsBeforeItStarts",
    "EnergyCurve",
    "EnergyOffGrid",
    "FieldFault",
    "MissingSpotPrice",
    "MissingVolume",
    "NoPeriods",
    "OutsideCalendar",
    "PassedOver",
    "Period",
    "PeriodOutOfPlace",
    "PowerUnknown",
    "PricedDimension",
    "PricedPeriod",
    "PricingError",
    "Reading",
    "Report",
    "ReportTooLong",
    "RoundedAmounts",
    "SessionTooLong",
    "Span",
    "SpotDay",
    "SpotPart",
    "SpotPrice",
    "SpotPriceInOtherCurrency",
    "SpotPrices",
    "Tariff",
    "TariffNotInForce",
    "TariffRefused",
    "TooMuchToPrice",
    "UnknownTimezone",
    "VolumeOutOfRange",
    "energy_curve",
    "market_day",
    "market_days",
    "parse_tariff",
    "price_of_energy",
    "price_periods",
    "price_session",
    "prices_in",
    "quarter_of",
    "spot_days_needed",
    "tariff_as_document",
]
