"""What a charging session costs, and why. Pure: a tariff and measurements in, an explained report out.

Tariffs are OCPI's. Supported are ENERGY, TIME and FLAT, VAT, step sizes and a maximum, without restrictions; a tariff
that uses more is refused by name. Nothing is priced at zero because something is missing.
"""

from shared.money import RoundedAmounts

from .charging import Charging, Period, Reading
from .pricer import price_periods, price_session
from .pricing_error import (
    EndsBeforeItStarts,
    EnergyOffGrid,
    MissingVolume,
    NoPeriods,
    PeriodOutOfPlace,
    PricingError,
    VolumeOutOfRange,
)
from .report import Bite, Cap, DimensionTotal, PassedOver, PricedDimension, PricedPeriod, Report
from .tariff import Dimension, Tariff
from .tariff_parsing import FieldFault, TariffRefused, parse_tariff

__all__ = [
    "Bite",
    "Cap",
    "Charging",
    "Dimension",
    "DimensionTotal",
    "EndsBeforeItStarts",
    "EnergyOffGrid",
    "FieldFault",
    "MissingVolume",
    "NoPeriods",
    "PassedOver",
    "Period",
    "PeriodOutOfPlace",
    "PricedDimension",
    "PricedPeriod",
    "PricingError",
    "Reading",
    "Report",
    "RoundedAmounts",
    "Tariff",
    "TariffRefused",
    "VolumeOutOfRange",
    "parse_tariff",
    "price_periods",
    "price_session",
]
