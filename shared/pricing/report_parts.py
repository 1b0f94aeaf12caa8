"""Putting the figures together: the pieces of a report, and its notes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from .charging import Period
from .exact import canonical, printed
from .report import DimensionTotal, PricedDimension, PricedPeriod, PriceUnit, VolumeUnit
from .tariff import Dimension
from .usage import Usage

_UNITS: Final[dict[Dimension, tuple[VolumeUnit, Decimal, PriceUnit]]] = {
    Dimension.ENERGY: ("kWh", Decimal("0.001"), "kWh"),
    Dimension.TIME: ("s", Decimal(1), "h"),
    Dimension.PARKING_TIME: ("s", Decimal(1), "h"),
    Dimension.FLAT: ("session", Decimal(1), "session"),
}

_IN_WORDS: Final = {
    Dimension.ENERGY: "The energy",
    Dimension.TIME: "The charging time",
    Dimension.PARKING_TIME: "The time parked",
    Dimension.FLAT: "The session as such",
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
    return PricedDimension(
        dimension=usage.dimension,
        measured=canonical(usage.volume * factor),
        billed=canonical(billed * factor),
        unit=unit,
        unit_price=applied.price.price if applied else None,
        price_unit=price_unit,
        vat_percent=applied.price.vat if applied else None,
        excl=canonical(excl),
        incl=canonical(incl),
        element=applied.element if applied else None,
        component=applied.component if applied else None,
        passed_over=usage.match.passed_over,
    )


def dimension_totals(priced: Sequence[PricedDimension]) -> tuple[DimensionTotal, ...]:
    """The sums of what was used at all, in the order of Dimension. Call it within `exactly()`."""
    totals = []
    for dimension in Dimension:
        parts = [part for part in priced if part.dimension is dimension]
        if parts:
            totals.append(
                DimensionTotal(
                    dimension=dimension,
                    measured=canonical(sum((part.measured for part in parts), Decimal(0))),
                    billed=canonical(sum((part.billed for part in parts), Decimal(0))),
                    unit=parts[0].unit,
                    excl=canonical(sum((part.excl for part in parts), Decimal(0))),
                    incl=canonical(sum((part.incl for part in parts), Decimal(0))),
                )
            )
    return tuple(totals)


def priced_periods(
    *, periods: Sequence[Period], end: datetime, used: Sequence[Usage], priced: Sequence[PricedDimension]
) -> tuple[PricedPeriod, ...]:
    """The periods with what was priced in each."""
    dimensions: list[list[PricedDimension]] = [[] for _ in periods]
    for usage, part in zip(used, priced, strict=True):
        dimensions[usage.period].append(part)
    ends = [*(period.start for period in periods[1:]), end]
    return tuple(
        PricedPeriod(
            start=period.start.astimezone(UTC),
            end=period_end.astimezone(UTC),
            interpolated=False,
            dimensions=tuple(parts),
        )
        for period, period_end, parts in zip(periods, ends, dimensions, strict=True)
    )


def notes_on(*, used: Sequence[Usage], totals: Sequence[DimensionTotal]) -> tuple[str, ...]:
    """What one would ask about the figures, answered beforehand."""
    notes = [
        f"{total.dimension}: {printed(total.measured)} {total.unit} were measured, {printed(total.billed)} "
        f"{total.unit} are billed, because the step size rounds up."
        for total in totals
        if total.billed != total.measured
    ]
    notes += [
        f"{_IN_WORDS[total.dimension]} is not charged for: the tariff has no price for it."
        for total in totals
        if total.measured and not any(usage.match.applied for usage in used if usage.dimension is total.dimension)
    ]
    without_vat = [
        dimension
        for dimension in Dimension
        if any(
            usage.match.applied and usage.match.applied.price.vat is None
            for usage in used
            if usage.dimension is dimension
        )
    ]
    notes += [
        f"{dimension} has no VAT rate in the tariff: its amount incl. VAT is the amount excl. VAT."
        for dimension in without_vat
    ]
    return tuple(notes)
