"""What a session costs, and why: all that is needed to redo the sum by hand. JSON through pydantic's TypeAdapter."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from shared.money import RoundedAmounts

from .explanation import explain
from .tariff import Dimension

VolumeUnit = Literal["kWh", "s", "session"]
PriceUnit = Literal["kWh", "h", "session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """An element that stands before the one that applied, and why it did not apply. Counted from 0."""

    element: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotPart:
    """The spot price of a kWh that a price follows: for the quarter or hour from `starts` on, and how it follows."""

    bidding_zone: str
    starts: datetime
    price: Decimal
    formula: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedDimension:
    """One dimension in one period. Volumes are in `unit`, the price is for one `price_unit`, both exact.

    Without an element that prices it the dimension is free: `element`, `component` and `unit_price` are None.
    Without a VAT rate `incl` is `excl`. `billed` is `measured` plus what the step size added. `spot` says where a
    price came from that the tariff does not state itself.
    """

    dimension: Dimension
    measured: Decimal
    billed: Decimal
    unit: VolumeUnit
    unit_price: Decimal | None
    price_unit: PriceUnit
    vat_percent: Decimal | None
    excl: Decimal
    incl: Decimal
    element: int | None
    component: int | None
    passed_over: tuple[PassedOver, ...]
    spot: SpotPart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedPeriod:
    """`interpolated`: it was cut where no reading was taken, its energy is a share of what was measured."""

    start: datetime
    end: datetime
    interpolated: bool
    dimensions: tuple[PricedDimension, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionTotal:
    """The sum over all periods, before a minimum or maximum."""

    dimension: Dimension
    measured: Decimal
    billed: Decimal
    unit: VolumeUnit
    excl: Decimal
    incl: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Bite:
    """A total that a limit changed: what it was, and the bound that it is now."""

    limit: Literal["min_price", "max_price"]
    before: Decimal
    bound: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """Which of the two totals a limit changed; at least one of them."""

    excl: Bite | None
    incl: Bite | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The price of one session. Times are UTC; all amounts but `rounded` are exact, to 28 decimals where a division
    does not end. The dimensions' amounts add up to `totals`, and those to the totals of the session before `cap`.

    `rounded` is what is charged; None when the tariff has several VAT rates or a component without one. With
    `prices_include_vat` the unit prices are gross.
    """

    tariff_id: str
    currency: str
    start: datetime
    end: datetime
    periods: tuple[PricedPeriod, ...]
    totals: tuple[DimensionTotal, ...]
    total_excl: Decimal
    total_incl: Decimal
    cap: Cap | None
    notes: tuple[str, ...]
    rounded: RoundedAmounts | None
    prices_include_vat: bool = False

    def lines(self) -> list[str]:
        """The sum as one would write it down to redo it with a pocket calculator."""
        return explain(self)
