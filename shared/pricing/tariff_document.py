"""A tariff as JSON, in OCPI's or the charging platform's spelling: which fields there are, and what becomes of each."""

from decimal import Decimal
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
)
from pydantic.alias_generators import to_camel

from shared.money import known_currencies, round_to_minor_unit

from .exact import exactly, printed
from .tariff import AltText, PriceComponent, PriceLimit, Tariff, TariffElement
from .tariff_fields import (
    Currency,
    Identifier,
    NoRestrictionYet,
    NotYet,
    Price,
    PricedDimensionName,
    StepSize,
    VatPercent,
    refuse,
    rules_of,
)

MAX_ELEMENTS: Final = 100
_MAX_COMPONENTS: Final = 10


class _Part(BaseModel):
    """`step_size` is OCPI's spelling, `stepSize` the platform's: both are read, paths of faults are in OCPI's."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        loc_by_alias=False,
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(name, to_camel(name))),
    )


class _Component(_Part):
    type: PricedDimensionName
    price: Price
    vat: VatPercent = None
    step_size: StepSize = 0
    margin: NotYet = None
    margin_percentage: NotYet = None
    price_cap: NotYet = None
    cost_percentage: NotYet = None
    bidding_zone: NotYet = None


class _Restrictions(_Part):
    """An object without a single restriction restricts nothing, and may be there."""

    start_time: NoRestrictionYet = None
    end_time: NoRestrictionYet = None
    start_date: NoRestrictionYet = None
    end_date: NoRestrictionYet = None
    min_kwh: NoRestrictionYet = None
    max_kwh: NoRestrictionYet = None
    min_current: NoRestrictionYet = None
    max_current: NoRestrictionYet = None
    min_power: NoRestrictionYet = None
    max_power: NoRestrictionYet = None
    min_duration: NoRestrictionYet = None
    max_duration: NoRestrictionYet = None
    day_of_week: NoRestrictionYet = None
    reservation: NoRestrictionYet = None


def _each_dimension_once(components: list[_Component]) -> list[_Component]:
    """Of two prices for the same thing side by side OCPI does not say which applies: we do not guess."""
    types = [component.type for component in components]
    for name in dict.fromkeys(types):
        if types.count(name) > 1:
            refuse(f"has {types.count(name)} prices for {name}: which of them applies is not said")
    return components


class _Element(_Part):
    price_components: Annotated[
        list[_Component],
        Field(min_length=1, max_length=_MAX_COMPONENTS),
        AfterValidator(_each_dimension_once),
    ]
    restrictions: _Restrictions | None = None


def _agrees_with_the_rate(incl: Decimal | None, info: ValidationInfo) -> Decimal | None:
    """In one invoice line incl. VAT follows from excl. VAT, so a maximum cannot mean something else by each."""
    rules = rules_of(info)
    excl: Decimal | None = info.data.get("excl_vat")
    if incl is None or excl is None or not rules.one_vat_rate or len(set(rules.rates)) != 1:
        return incl
    if rules.currency not in known_currencies():
        return incl
    with exactly():
        due = excl * (100 + rules.rates[0]) * Decimal("0.01")
    expected = round_to_minor_unit(amount=due, currency=rules.currency)
    if round_to_minor_unit(amount=incl, currency=rules.currency) != expected:
        refuse(
            f"is {printed(incl, decimals=2)}, but excl_vat of {printed(excl, decimals=2)} "
            f"with VAT of {printed(rules.rates[0])} % is {printed(expected, decimals=2)}"
        )
    return incl


class _PriceLimit(_Part):
    excl_vat: Price
    incl_vat: Annotated[Price | None, AfterValidator(_agrees_with_the_rate)] = None


class _AltText(_Part):
    language: Annotated[str, StringConstraints(min_length=2, max_length=2)]
    text: Annotated[str, StringConstraints(max_length=512)]


class TariffDocument(_Part):
    """The whole object. Read it under OperatorRules; `elements` stands before `max_price`, which needs its rates."""

    id: Identifier
    currency: Currency
    elements: Annotated[list[_Element], Field(min_length=1, max_length=MAX_ELEMENTS)]
    max_price: _PriceLimit | None = None
    country_code: Annotated[str, StringConstraints(min_length=2, max_length=2)] | None = None
    party_id: Annotated[str, StringConstraints(min_length=1, max_length=3)] | None = None
    type: Annotated[str, StringConstraints(min_length=1, max_length=36)] | None = None
    tariff_alt_text: Annotated[list[_AltText], Field(max_length=100)] | None = None
    tariff_alt_url: Annotated[str, StringConstraints(max_length=255)] | None = None
    last_updated: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    min_price: NotYet = None
    start_date_time: NotYet = None
    end_date_time: NotYet = None
    tax_included: NotYet = None
    preauthorize_amount: NotYet = None
    energy_mix: NotYet = None

    def tariff(self) -> Tariff:
        """What pricing works with; nothing that was read is left out."""
        limit = self.max_price
        return Tariff(
            id=self.id,
            currency=self.currency,
            elements=tuple(_element(element) for element in self.elements),
            max_price=None if limit is None else PriceLimit(excl=limit.excl_vat, incl=limit.incl_vat),
            country_code=self.country_code,
            party_id=self.party_id,
            type=self.type,
            tariff_alt_text=tuple(AltText(language=alt.language, text=alt.text) for alt in self.tariff_alt_text or ()),
            tariff_alt_url=self.tariff_alt_url,
            last_updated=self.last_updated,
        )


def _element(element: _Element) -> TariffElement:
    return TariffElement(
        components=tuple(
            PriceComponent(
                dimension=component.type, price=component.price, vat=component.vat, step_size=component.step_size
            )
            for component in element.price_components
        )
    )
