"""Which element of a tariff sets the price of a dimension at a moment."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from .conditions import Condition, Moment, conditions_of
from .exact import exactly
from .report import PassedOver
from .restrictions import UNRESTRICTED
from .spot_formula import SpotFormula, spot_formula
from .tariff import Dimension, PriceComponent, TariffElement

_PERCENT: Final = Decimal("0.01")


class Applied(NamedTuple):
    """The component that applies and where in the tariff it stands, with what follows from it.

    `gross` times an amount without VAT is that with VAT; `formula` is there for a price that follows the market.
    """

    element: int
    component: int
    price: PriceComponent
    gross: Decimal
    formula: SpotFormula | None


def _applied(price: PriceComponent, *, element: int, component: int) -> Applied:
    with exactly():
        return Applied(
            element=element,
            component=component,
            price=price,
            gross=1 + (price.vat or 0) * _PERCENT,
            formula=spot_formula(price.spot) if price.spot is not None else None,
        )


class Match(NamedTuple):
    """`applied` is None when no element prices the dimension, which makes it free."""

    applied: Applied | None
    passed_over: tuple[PassedOver, ...]


class _Candidate(NamedTuple):
    applied: Applied
    conditions: tuple[Condition, ...]
    before: tuple[PassedOver, ...]
    """The elements in front that have no price for the dimension, since the last candidate."""


class Matcher:
    """Finds the first element that applies. The same outcome is always the same object."""

    def __init__(self, elements: Sequence[TariffElement]) -> None:
        self.conditions = [
            () if element.restrictions is UNRESTRICTED else conditions_of(element.restrictions, element=number)
            for number, element in enumerate(elements)
        ]
        self._found: dict[tuple[Dimension, tuple[int, ...]], Match] = {}
        self._candidates = {dimension: self._candidates_for(dimension, elements) for dimension in Dimension}
        self._always = {
            dimension: self._match(dimension, [])
            for dimension, (candidates, _) in self._candidates.items()
            if not candidates or not candidates[0].conditions
        }

    @property
    def is_constant(self) -> bool:
        """Whether it never depends on the moment."""
        return not any(self.conditions)

    def match(self, dimension: Dimension, moment: Moment | None) -> Match:
        """The first element with a component of `dimension` whose conditions all hold at `moment`, which may be None
        if the matcher is constant. Raises PowerUnknown, CurrentUnknown.
        """
        always = self._always.get(dimension)
        if always is not None:
            return always
        candidates, _ = self._candidates[dimension]
        failing: list[int] = []
        for candidate in candidates:
            fault = _first_that_fails(candidate.conditions, moment) if candidate.conditions else None
            if fault is None:
                break
            failing.append(fault)
        key = (dimension, tuple(failing))
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._match(dimension, failing)
        return found

    def _candidates_for(
        self, dimension: Dimension, elements: Sequence[TariffElement]
    ) -> tuple[list[_Candidate], tuple[PassedOver, ...]]:
        candidates: list[_Candidate] = []
        before: list[PassedOver] = []
        for number, element in enumerate(elements):
            for place, price in enumerate(element.components):
                if isinstance(price, PriceComponent) and price.dimension is dimension:
                    applied = _applied(price, element=number, component=place)
                    conditions = self.conditions[number]
                    candidates.append(_Candidate(applied=applied, conditions=conditions, before=tuple(before)))
                    if not conditions:
                        return candidates, ()
                    before = []
                    break
            else:
                before.append(PassedOver(element=number, reason=f"has no price for {dimension}"))
        return candidates, tuple(before)

    def _match(self, dimension: Dimension, failing: list[int]) -> Match:
        candidates, after_all = self._candidates[dimension]
        passed_over: list[PassedOver] = []
        for candidate, fault in zip(candidates, failing, strict=False):
            passed_over += candidate.before
            reason = candidate.conditions[fault].otherwise
            passed_over.append(PassedOver(element=candidate.applied.element, reason=reason))
        if len(failing) == len(candidates):
            return Match(applied=None, passed_over=(*passed_over, *after_all))
        applying = candidates[len(failing)]
        return Match(applied=applying.applied, passed_over=(*passed_over, *applying.before))


def _first_that_fails(conditions: tuple[Condition, ...], moment: Moment | None) -> int | None:
    if moment is None:
        raise TypeError("the tariff depends on the moment, and none was given")
    for number, condition in enumerate(conditions):
        if not condition.holds(moment):
            return number
    return None
