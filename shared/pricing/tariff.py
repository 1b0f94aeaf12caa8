"""A tariff as it is priced with: OCPI's, checked, in immutable pieces. Made by `parse_tariff`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Literal

from .energy_mix import EnergyMix
from .restrictions import UNRESTRICTED, Restrictions

type TaxIncluded = Literal["YES", "NO", "N/A"]

_PERCENT: Final = Decimal("0.01")


class Dimension(StrEnum):
    """What of a session can cost something."""

    ENERGY = "ENERGY"
    TIME = "TIME"
    PARKING_TIME = "PARKING_TIME"
    FLAT = "FLAT"


class FeeKind(StrEnum):
    """What the charging platform's tariffs charge for beside sessions."""

    MONTHLY_FLAT = "MONTHLY_FLAT"
    SOCKET_COUNT = "SOCKET_COUNT"
    CHARGER_COUNT = "CHARGER_COUNT"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotTerms:
    """How the price of a kWh follows from the spot price in a bidding zone (the charging platform's component types).

    `is_locked`: the quarter in which the session started counts for all of it.
    """

    bidding_zone: str
    is_locked: bool
    margin: Decimal = Decimal(0)
    margin_percentage: Decimal = Decimal(0)
    price_cap: Decimal | None = None
    cost_percentage: Decimal = Decimal(100)

    def price(self, spot: Decimal) -> Decimal:
        """The price of a kWh, without VAT, where the spot price is `spot`."""
        price = spot * (100 + self.margin_percentage) * _PERCENT + self.margin
        if self.price_cap is not None and price > self.price_cap:
            price = self.price_cap
        return price * self.cost_percentage * _PERCENT


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceComponent:
    """The price of one dimension: per kWh, per hour, or per session; without VAT unless the tariff includes it.

    `step_size` is in Wh or seconds, 0 rounds nothing. `vat` is in percent; None is "not known", which is not zero.
    With `spot` the price of a kWh follows from that, and `price` is 0.
    """

    dimension: Dimension
    price: Decimal
    vat: Decimal | None
    step_size: int
    spot: SpotTerms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A component that is due whether anybody charges or not: kept, and no part of a session's price."""

    kind: FeeKind
    price: Decimal | None
    vat: Decimal | None
    step_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffElement:
    """Components that apply together, where all restrictions hold; at most one for each dimension."""

    components: tuple[PriceComponent | Fee, ...]
    restrictions: Restrictions = UNRESTRICTED


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLimit:
    """A bound of a session's total, before and after VAT each on its own; `incl` None is "not stated"."""

    excl: Decimal
    incl: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AltText:
    """What a driver may be shown in place of the figures; it has no influence on the price."""

    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What is to be paid for a session in `currency`.

    It can price sessions that start from `starts` (inclusive) until `ends` (exclusive). With `tax_included` "YES" its
    prices include VAT. The fields from `country_code` on are only kept.
    """

    id: str
    currency: str
    elements: tuple[TariffElement, ...]
    min_price: PriceLimit | None = None
    max_price: PriceLimit | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    tax_included: TaxIncluded | None = None
    country_code: str | None = None
    party_id: str | None = None
    type: str | None = None
    tariff_alt_text: tuple[AltText, ...] = ()
    tariff_alt_url: str | None = None
    energy_mix: EnergyMix | None = None
    preauthorize_amount: Decimal | None = None
    last_updated: str | None = None
    prepared: Any = field(default=None, init=False, repr=False, compare=False)
    """What pricing works out of it, see `prepared`."""

    @property
    def includes_vat(self) -> bool:
        """Whether prices are gross."""
        return self.tax_included == "YES"

    @property
    def price_components(self) -> Iterator[PriceComponent]:
        """Everything that prices a session."""
        for element in self.elements:
            yield from (each for each in element.components if isinstance(each, PriceComponent))

    @property
    def fees(self) -> Iterator[Fee]:
        """Everything that does not."""
        for element in self.elements:
            yield from (each for each in element.components if isinstance(each, Fee))

    @property
    def vat_percent(self) -> Decimal | None:
        """The one VAT rate of all components; None when they have several or one of them has none."""
        rates = {component.vat for component in self.price_components}
        return rates.pop() if len(rates) == 1 else None
