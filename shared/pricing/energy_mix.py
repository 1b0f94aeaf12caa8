"""OCPI's EnergyMix: what a tariff says of where its energy comes from. It has no influence on the price."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergySource:
    """A share of the energy: `source` in OCPI's words, in percent."""

    source: str
    percentage: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentalImpact:
    """What producing a kWh leaves behind: `category` in OCPI's words, in g per kWh."""

    category: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyMix:
    """Where the energy comes from."""

    is_green_energy: bool
    energy_sources: tuple[EnergySource, ...] = ()
    environ_impact: tuple[EnvironmentalImpact, ...] = ()
    supplier_name: str | None = None
    energy_product_name: str | None = None
