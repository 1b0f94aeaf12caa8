"""A tariff as JSON, in OCPI's or the charging platform's spelling: which fields there are, and what becomes of each.

OCPI 2.2.1, with `tax_included` and `preauthorize_amount` of 2.3.0 and the platform's component types.
"""

from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationInfo

from ..restrictions import UNRESTRICTED
from ..tariff import AltText, Dimension, Tariff, TariffElement
from .component_document import ComponentDocument
from .document_part import Part, refuse, rules_of
from .energy_mix_document import EnergyMixDocument
from .limit_document import LimitDocument
from .number_fields import Amount
from .restrictions_document import RestrictionsDocument
from .text_fields import (
    CountryCode,
    Currency,
    DisplayText,
    Identifier,
    Instant,
    KeptInstant,
    Language,
    PartyId,
    TariffType,
    TaxIncludedWord,
    Url,
)

MAX_ELEMENTS: Final = 200
KEPT: Final = (
    "country_code",
    "party_id",
    "type",
    "tariff_alt_text",
    "tariff_alt_url",
    "energy_mix",
    "preauthorize_amount",
    "last_updated",
)
_MAX_COMPONENTS: Final = 10


def _each_dimension_once(components: list[ComponentDocument]) -> list[ComponentDocument]:
    """Of two prices for the same thing side by side OCPI does not say which applies: we do not guess."""
    for dimension in Dimension:
        types = [component.type for component in components if component.dimension is dimension]
        if len(types) > 1:
            refuse(
                f"has {len(types)} prices for {dimension} ({', '.join(types)}), and which of them applies is not said: "
                "keep one, or write the others in elements of their own"
            )
    return components


class _ElementDocument(Part):
    price_components: Annotated[
        list[ComponentDocument],
        Field(min_length=1, max_length=_MAX_COMPONENTS),
        AfterValidator(_each_dimension_once),
    ]
    restrictions: RestrictionsDocument | None = None

    @property
    def prices_sessions(self) -> bool:
        """Whether a session can cost something by it; reservations are none, and fees are due without one."""
        is_for_reservations = self.restrictions is not None and self.restrictions.reservation is not None
        return not is_for_reservations and any(component.dimension for component in self.price_components)

    def element(self) -> TariffElement:
        """What pricing works with."""
        return TariffElement(
            components=tuple(component.component() for component in self.price_components),
            restrictions=self.restrictions.restrictions() if self.restrictions else UNRESTRICTED,
        )


def _price_something(elements: list[_ElementDocument], info: ValidationInfo) -> list[_ElementDocument]:
    if rules_of(info).one_vat_rate and not any(element.prices_sessions for element in elements):
        refuse(
            "price nothing of a session: write a component of the type ENERGY, TIME, PARKING_TIME or FLAT, or one that "
            "follows the spot price, in an element that is not for reservations"
        )
    return elements


def _remembered(least: LimitDocument | None, info: ValidationInfo) -> LimitDocument | None:
    """For the maximum, which must not lie below it."""
    rules_of(info).least = least.limit() if least else None
    return least


def _after_start(value: datetime | None, info: ValidationInfo) -> datetime | None:
    start = info.data.get("start_date_time")
    if value is not None and start is not None and value <= start:
        refuse("must be after start_date_time, because the tariff would never be valid")
    return value


class _AltTextDocument(Part):
    language: Language
    text: DisplayText


class TariffDocument(Part):
    """The whole object. Read it under OperatorRules; the order of its first fields matters, because the components
    need `tax_included`, the limits the components' rates, and the maximum the minimum.
    """

    id: Identifier
    currency: Currency
    tax_included: TaxIncludedWord | None = None
    elements: Annotated[
        list[_ElementDocument], Field(min_length=1, max_length=MAX_ELEMENTS), AfterValidator(_price_something)
    ]
    min_price: Annotated[LimitDocument | None, AfterValidator(_remembered)] = None
    max_price: LimitDocument | None = None
    start_date_time: Instant | None = None
    end_date_time: Annotated[Instant | None, AfterValidator(_after_start)] = None
    country_code: CountryCode | None = None
    party_id: PartyId | None = None
    type: TariffType | None = None
    tariff_alt_text: Annotated[list[_AltTextDocument], Field(max_length=100)] | None = None
    tariff_alt_url: Url | None = None
    energy_mix: EnergyMixDocument | None = None
    preauthorize_amount: Amount | None = None
    last_updated: KeptInstant | None = None

    def tariff(self) -> Tariff:
        """What pricing works with; nothing that was read is left out."""
        return Tariff(
            id=self.id,
            currency=self.currency,
            elements=tuple(element.element() for element in self.elements),
            min_price=self.min_price.limit() if self.min_price else None,
            max_price=self.max_price.limit() if self.max_price else None,
            starts=self.start_date_time,
            ends=self.end_date_time,
            tax_included=self.tax_included,
            country_code=self.country_code,
            party_id=self.party_id,
            type=self.type,
            tariff_alt_text=tuple(AltText(language=alt.language, text=alt.text) for alt in self.tariff_alt_text or ()),
            tariff_alt_url=self.tariff_alt_url,
            energy_mix=self.energy_mix.energy_mix() if self.energy_mix else None,
            preauthorize_amount=self.preauthorize_amount,
            last_updated=self.last_updated,
        )
