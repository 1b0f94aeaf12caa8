"""A price component as JSON: OCPI's four dimensions, the platform's spot prices, and its fees."""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, cast

from pydantic import Field, PlainValidator, ValidationInfo

from ..exact import printed
from ..spot_price import BIDDING_ZONES
from ..tariff import Dimension, Fee, FeeKind, PriceComponent, SpotTerms
from .document_part import Part, refuse, rules_of
from .number_fields import StepSize, markup, number, scale, signed_amount, vat_percent
from .text_fields import word


class SpotKind(StrEnum):
    """Components whose price of a kWh follows from the spot price."""

    ENERGY_SPOT = "ENERGY_SPOT"
    ENERGY_SPOT_LOCKED = "ENERGY_SPOT_LOCKED"


type ComponentKind = Dimension | SpotKind | FeeKind

_KINDS: Final[dict[str, ComponentKind]] = {
    kind.value: kind for kinds in (Dimension, SpotKind, FeeKind) for kind in kinds
}


def _kind(value: object, info: ValidationInfo) -> ComponentKind:
    kind = _KINDS[word(out_of=tuple(_KINDS))(value)]
    if isinstance(kind, SpotKind) and rules_of(info).tax_included == "YES":
        refuse(
            "spot prices are without VAT, and with tax_included YES prices include it: "
            "write tax_included NO and all prices without VAT"
        )
    return kind


def _kind_of(info: ValidationInfo) -> ComponentKind | None:
    """None if it is not known: then the other fields are only read for what they are by themselves."""
    return info.data.get("type")


def _price(value: object, info: ValidationInfo) -> Decimal | None:
    kind = _kind_of(info)
    if value is None:
        if isinstance(kind, Dimension):
            refuse("is required: write 0 if it is free")
        return None
    price = number(value)
    if isinstance(kind, SpotKind) and price:
        refuse(f"must be left out: the price of {kind} follows from the spot price, and what is added is the margin")
    return price


def _vat(value: object, info: ValidationInfo) -> Decimal | None:
    """An invoice line has one rate. Fees are no part of it."""
    rules, kind = rules_of(info), _kind_of(info)
    if kind is None or isinstance(kind, FeeKind):
        return None if value is None else vat_percent(value)
    rules.rates.append(None)
    if value is None:
        if rules.one_vat_rate:
            due = (
                "0, because tax_included is N/A" if rules.tax_included == "N/A" else "the one rate of the invoice line"
            )
            refuse(f"is required: write {due}")
        return None
    rate = vat_percent(value)
    if rate and rules.tax_included == "N/A":
        refuse("must be 0 or left out, because with tax_included N/A no tax applies")
    rules.rates[-1] = rate
    first = next(known for known in rules.rates if known is not None)
    if rules.one_vat_rate and rate != first:
        refuse(
            f"is {printed(rate)}, but {printed(first)} before: an invoice line has one VAT rate, "
            "so write the same rate in all components"
        )
    return rate


def _of_spot(read: Callable[[object], Any], *, required: bool = False) -> PlainValidator:
    """A field that spot components have, and no others."""

    def validated(value: object, info: ValidationInfo) -> Any:
        kind = _kind_of(info)
        if value is None:
            if required and isinstance(kind, SpotKind):
                refuse(f"is required: {kind} follows the prices of one bidding zone")
            return None
        if kind is not None and not isinstance(kind, SpotKind):
            refuse(f"must be left out: {kind} does not follow the spot price, only {' and '.join(SpotKind)} do")
        return read(value)

    return PlainValidator(validated)


_ALWAYS: Final = Field(validate_default=True)


class ComponentDocument(Part):
    """`type` stands first, because the others depend on it."""

    type: Annotated[ComponentKind, PlainValidator(_kind)]
    price: Annotated[Decimal | None, PlainValidator(_price), _ALWAYS] = None
    vat: Annotated[Decimal | None, PlainValidator(_vat), _ALWAYS] = None
    step_size: StepSize = 0
    bidding_zone: Annotated[str | None, _of_spot(word(out_of=BIDDING_ZONES), required=True), _ALWAYS] = None
    margin: Annotated[Decimal | None, _of_spot(signed_amount)] = None
    margin_percentage: Annotated[Decimal | None, _of_spot(markup)] = None
    price_cap: Annotated[Decimal | None, _of_spot(number)] = None
    cost_percentage: Annotated[Decimal | None, _of_spot(scale)] = None

    @property
    def dimension(self) -> Dimension | None:
        """What of a session it prices; None for a fee."""
        match self.type:
            case Dimension():
                return self.type
            case SpotKind():
                return Dimension.ENERGY
            case FeeKind():
                return None

    def component(self) -> PriceComponent | Fee:
        """What pricing works with."""
        match self.type:
            case FeeKind():
                return Fee(kind=self.type, price=self.price, vat=self.vat, step_size=self.step_size)
            case SpotKind():
                return PriceComponent(
                    dimension=Dimension.ENERGY,
                    price=Decimal(0),
                    vat=self.vat,
                    step_size=self.step_size,
                    spot=self._spot_terms(),
                )
            case Dimension():
                price = cast("Decimal", self.price)  # `_price` saw to it
                return PriceComponent(dimension=self.type, price=price, vat=self.vat, step_size=self.step_size)

    def _spot_terms(self) -> SpotTerms:
        return SpotTerms(
            bidding_zone=cast("str", self.bidding_zone),  # `_of_spot` saw to it
            is_locked=self.type is SpotKind.ENERGY_SPOT_LOCKED,
            margin=Decimal(0) if self.margin is None else self.margin,
            margin_percentage=Decimal(0) if self.margin_percentage is None else self.margin_percentage,
            price_cap=self.price_cap,
            cost_percentage=Decimal(100) if self.cost_percentage is None else self.cost_percentage,
        )
