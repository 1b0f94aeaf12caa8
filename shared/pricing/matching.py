"""Which element of a tariff sets the price of a dimension."""

from collections.abc import Sequence
from dataclasses import dataclass

from .report import PassedOver
from .tariff import Dimension, PriceComponent, TariffElement


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The component that applies and where in the tariff it stands."""

    element: int
    component: int
    price: PriceComponent


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`applied` is None when no element prices the dimension, which makes it free."""

    applied: Applied | None
    passed_over: tuple[PassedOver, ...]


def first_match(*, elements: Sequence[TariffElement], dimension: Dimension) -> Match:
    """The first element with a component of that dimension."""
    passed_over: list[PassedOver] = []
    for number, element in enumerate(elements):
        for place, price in enumerate(element.components):
            if price.dimension is dimension:
                applied = Applied(element=number, component=place, price=price)
                return Match(applied=applied, passed_over=tuple(passed_over))
        passed_over.append(PassedOver(element=number, reason=f"has no price for {dimension}"))
    return Match(applied=None, passed_over=tuple(passed_over))
