"""An EnergyMix as JSON (OCPI 2.2.1, module Locations)."""

from typing import Annotated, Final

from pydantic import Field, PlainValidator

from ..energy_mix import EnergyMix, EnergySource, EnvironmentalImpact
from .document_part import Part
from .number_fields import Amount, Share
from .text_fields import Name, word

_SOURCES: Final = ("NUCLEAR", "GENERAL_FOSSIL", "COAL", "GAS", "GENERAL_GREEN", "SOLAR", "WIND", "WATER")
_IMPACTS: Final = ("NUCLEAR_WASTE", "CARBON_DIOXIDE")


class _SourceDocument(Part):
    source: Annotated[str, PlainValidator(word(out_of=_SOURCES))]
    percentage: Share


class _ImpactDocument(Part):
    category: Annotated[str, PlainValidator(word(out_of=_IMPACTS))]
    amount: Amount


class EnergyMixDocument(Part):
    """Kept as it is: whether the shares add up is not checked."""

    is_green_energy: bool
    energy_sources: Annotated[list[_SourceDocument], Field(max_length=100)] | None = None
    environ_impact: Annotated[list[_ImpactDocument], Field(max_length=100)] | None = None
    supplier_name: Name | None = None
    energy_product_name: Name | None = None

    def energy_mix(self) -> EnergyMix:
        """What a tariff holds."""
        return EnergyMix(
            is_green_energy=self.is_green_energy,
            energy_sources=tuple(
                EnergySource(source=each.source, percentage=each.percentage) for each in self.energy_sources or ()
            ),
            environ_impact=tuple(
                EnvironmentalImpact(category=each.category, amount=each.amount) for each in self.environ_impact or ()
            ),
            supplier_name=self.supplier_name,
            energy_product_name=self.energy_product_name,
        )
