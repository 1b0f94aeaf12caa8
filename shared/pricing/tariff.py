"""A tariff as it is priced with: OCPI's, checked, in immutable pieces. Made by `parse_tariff`."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Dimension(StrEnum):
    """What of a session can cost something."""

    ENERGY = "ENERGY"
    TIME = "TIME"
    PARKING_TIME = "PARKING_TIME"
    FLAT = "FLAT"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceComponent:
    """The price of one dimension: per kWh, per hour, or per session, without VAT.

    `step_size` is in Wh or seconds, 0 rounds nothing. `vat` is in percent; None is "not known", which is not zero.
    """

    dimension: Dimension
    price: Decimal
    vat: Decimal | None
    step_size: int

    def as_document(self) -> dict[str, object]:
        document: dict[str, object] = {"type": self.dimension.value, "price": self.price}
        if self.vat is not None:
            document["vat"] = self.vat
        return document | {"step_size": self.step_size}


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffElement:
    """Components that apply together; at most one for each dimension."""

    components: tuple[PriceComponent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLimit:
    """A bound of a session's total, before and after VAT each on its own; `incl` None is "not stated"."""

    excl: Decimal
    incl: Decimal | None

    def as_document(self) -> dict[str, object]:
        document: dict[str, object] = {"excl_vat": self.excl}
        return document if self.incl is None else document | {"incl_vat": self.incl}


@dataclass(frozen=True, slots=True, kw_only=True)
class AltText:
    """What a driver may be shown in place of the figures; it has no influence on the price."""

    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What is to be paid for a session in `currency`. The fields after `max_price` are text that is only kept."""

    id: str
    currency: str
    elements: tuple[TariffElement, ...]
    max_price: PriceLimit | None = None
    country_code: str | None = None
    party_id: str | None = None
    type: str | None = None
    tariff_alt_text: tuple[AltText, ...] = ()
    tariff_alt_url: str | None = None
    last_updated: str | None = None

    @property
    def vat_percent(self) -> Decimal | None:
        """The one VAT rate of all components; None when they have several or one of them has none."""
        rates = {component.vat for element in self.elements for component in element.components}
        return rates.pop() if len(rates) == 1 else None

    def as_document(self) -> dict[str, object]:
        """The tariff as OCPI writes it, snake_case, absent fields left out; prices and rates are Decimals.

        `parse_tariff` makes an equal tariff of it.
        """
        kept = {
            "country_code": self.country_code,
            "party_id": self.party_id,
            "type": self.type,
            "tariff_alt_text": [{"language": alt.language, "text": alt.text} for alt in self.tariff_alt_text] or None,
            "tariff_alt_url": self.tariff_alt_url,
            "last_updated": self.last_updated,
        }
        document: dict[str, object] = {
            "id": self.id,
            "currency": self.currency,
            "elements": [
                {"price_components": [component.as_document() for component in element.components]}
                for element in self.elements
            ],
        }
        if self.max_price is not None:
            document["max_price"] = self.max_price.as_document()
        return document | {name: value for name, value in kept.items() if value is not None}
