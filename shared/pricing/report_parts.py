"""Putting the figures together: the pieces of a report."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from .exact import canonical
from .report import DimensionTotal, PricedDimension, PricedPeriod, PriceUnit, SpotPart, VolumeUnit
from .spot_formula import SpotFormula
from .stretch import Stretch
from .tariff import Dimension
from .usage import Usage

_DIMENSIONS: Final = tuple(Dimension)
_NOTHING: Final = Decimal(0)
_UNITS: Final[dict[Dimension, tuple[VolumeUnit, Decimal, PriceUnit]]] = {
    Dimension.ENERGY: ("kWh", Decimal("0.001"), "kWh"),
    Dimension.TIME: ("s", Decimal(1), "h"),
    Dimension.PARKING_TIME: ("s", Decimal(1), "h"),
    Dimension.FLAT: ("session", Decimal(1), "session"),
}


def priced_dimensions(
    *, used: Sequence[Usage], billed: Sequence[Decimal], costs: Sequence[tuple[Decimal, Decimal]]
) -> list[PricedDimension]:
    """One entry for each usage, in their order. Call it within `exactly()`.

    A period is mostly as long as the one before it. What is free in both is one entry, made once.
    """
    priced: list[PricedDimension] = []
    free: dict[Dimension, tuple[Usage, PricedDimension]] = {}
    for usage, volume, (excl, incl) in zip(used, billed, costs, strict=True):
        if usage.price is not None:
            priced.append(_priced(usage, billed=volume, excl=excl, incl=incl))
            continue
        like = free.get(usage.dimension)
        if like is None or like[0].match is not usage.match or like[0].volume != usage.volume:
            like = free[usage.dimension] = usage, _priced(usage, billed=volume, excl=excl, incl=incl)
        priced.append(like[1])
    return priced


def _priced(usage: Usage, *, billed: Decimal, excl: Decimal, incl: Decimal) -> PricedDimension:
    dimension, price = usage.dimension, usage.price
    unit, factor, price_unit = _UNITS[dimension]
    measured = canonical(usage.volume * factor)
    billed = measured if billed is usage.volume else canonical(billed * factor)
    applied = usage.match.applied
    return PricedDimension(
        dimension=dimension,
        measured=measured,
        billed=billed,
        unit=unit,
        unit_price=price,
        price_unit=price_unit,
        vat_percent=applied.price.vat if applied else None,
        excl=canonical(excl),
        incl=canonical(incl),
        element=applied.element if applied else None,
        component=applied.component if applied else None,
        passed_over=usage.match.passed_over,
        spot=_spot_part(usage, applied.formula) if applied and applied.formula else None,
    )


def _spot_part(usage: Usage, formula: SpotFormula) -> SpotPart | None:
    spot, price = usage.spot, usage.price
    if spot is None or price is None:
        return None
    return SpotPart(
        bidding_zone=spot.bidding_zone,
        starts=spot.starts,
        price=spot.price,
        formula=formula.written(spot=spot.price, price=price),
    )


def dimension_totals(priced: Sequence[PricedDimension]) -> tuple[DimensionTotal, ...]:
    """The sums of what was used at all, in the order of Dimension. Call it within `exactly()`."""
    parts: dict[Dimension, list[PricedDimension]] = {}
    for part in priced:
        parts.setdefault(part.dimension, []).append(part)
    return tuple(_total(dimension, parts[dimension]) for dimension in _DIMENSIONS if dimension in parts)


def _total(dimension: Dimension, parts: list[PricedDimension]) -> DimensionTotal:
    first = parts[0]
    if len(parts) == 1:
        measured, billed, excl, incl = first.measured, first.billed, first.excl, first.incl
    else:
        measured = canonical(sum([part.measured for part in parts], _NOTHING))
        billed = canonical(sum([part.billed for part in parts], _NOTHING))
        excl = canonical(sum([part.excl for part in parts], _NOTHING))
        incl = canonical(sum([part.incl for part in parts], _NOTHING))
    return DimensionTotal(dimension=dimension, measured=measured, billed=billed, unit=first.unit, excl=excl, incl=incl)


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
