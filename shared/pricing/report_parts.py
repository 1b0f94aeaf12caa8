"""Putting the figures together: the pieces of a report."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from .exact import canonical, printed
from .report import DimensionTotal, PricedDimension, PricedPeriod, PriceUnit, SpotPart, VolumeUnit
from .spot_price import SpotPrice
from .stretch import Stretch
from .tariff import Dimension, SpotTerms
from .usage import Usage

_DIMENSIONS: Final = tuple(Dimension)
_UNITS: Final[dict[Dimension, tuple[VolumeUnit, Decimal, PriceUnit]]] = {
    Dimension.ENERGY: ("kWh", Decimal("0.001"), "kWh"),
    Dimension.TIME: ("s", Decimal(1), "h"),
    Dimension.PARKING_TIME: ("s", Decimal(1), "h"),
    Dimension.FLAT: ("session", Decimal(1), "session"),
}


def priced_dimensions(
    *, used: Sequence[Usage], billed: Sequence[Decimal], costs: Sequence[tuple[Decimal, Decimal]]
) -> list[PricedDimension]:
    """One entry for each usage, in their order. Call it within `exactly()`."""
    return [
        _priced(usage=usage, billed=volume, excl=excl, incl=incl)
        for usage, volume, (excl, incl) in zip(used, billed, costs, strict=True)
    ]


def _priced(*, usage: Usage, billed: Decimal, excl: Decimal, incl: Decimal) -> PricedDimension:
    unit, factor, price_unit = _UNITS[usage.dimension]
    applied = usage.match.applied
    measured = canonical(usage.volume * factor)
    terms = applied.price.spot if applied else None
    return PricedDimension(
        dimension=usage.dimension,
        measured=measured,
        billed=measured if billed is usage.volume else canonical(billed * factor),
        unit=unit,
        unit_price=usage.price,
        price_unit=price_unit,
        vat_percent=applied.price.vat if applied else None,
        excl=canonical(excl),
        incl=canonical(incl),
        element=applied.element if applied else None,
        component=applied.component if applied else None,
        passed_over=usage.match.passed_over,
        spot=_spot_part(usage.spot, terms, usage.price) if usage.spot and terms and usage.price is not None else None,
    )


def _spot_part(spot: SpotPrice, terms: SpotTerms, price: Decimal) -> SpotPart:
    steps = printed(spot.price)
    if terms.margin_percentage:
        steps += f" x {printed(1 + terms.margin_percentage * Decimal('0.01'))}"
    if terms.margin:
        steps += f" {'-' if terms.margin < 0 else '+'} {printed(abs(terms.margin))}"
    if terms.price_cap is not None:
        steps = f"{steps}, at most {printed(terms.price_cap)}"
    if terms.cost_percentage != 100:
        steps = f"({steps}) x {printed(terms.cost_percentage)} %"
    return SpotPart(
        bidding_zone=spot.bidding_zone, starts=spot.starts, price=spot.price, formula=f"{steps} = {printed(price)}"
    )


def dimension_totals(priced: Sequence[PricedDimension]) -> tuple[DimensionTotal, ...]:
    """The sums of what was used at all, in the order of Dimension. Call it within `exactly()`."""
    parts: dict[Dimension, list[PricedDimension]] = {}
    for part in priced:
        parts.setdefault(part.dimension, []).append(part)
    return tuple(_total(dimension, parts[dimension]) for dimension in _DIMENSIONS if dimension in parts)


def _total(dimension: Dimension, parts: list[PricedDimension]) -> DimensionTotal:
    first, *others = parts
    if not others:
        return DimensionTotal(
            dimension=dimension,
            measured=first.measured,
            billed=first.billed,
            unit=first.unit,
            excl=first.excl,
            incl=first.incl,
        )
    measured, billed, excl, incl = first.measured, first.billed, first.excl, first.incl
    for part in others:
        measured += part.measured
        billed += part.billed
        excl += part.excl
        incl += part.incl
    return DimensionTotal(
        dimension=dimension,
        measured=canonical(measured),
        billed=canonical(billed),
        unit=first.unit,
        excl=canonical(excl),
        incl=canonical(incl),
    )


def priced_periods(
    *, stretches: Sequence[Stretch], used: Sequence[Usage], priced: Sequence[PricedDimension]
) -> tuple[PricedPeriod, ...]:
    """The stretches with what was priced in each."""
    dimensions: list[list[PricedDimension]] = [[] for _ in stretches]
    for usage, part in zip(used, priced, strict=True):
        dimensions[usage.stretch].append(part)
    return tuple(
        PricedPeriod(start=stretch.start, end=stretch.end, interpolated=stretch.interpolated, dimensions=tuple(parts))
        for stretch, parts in zip(stretches, dimensions, strict=True)
    )
