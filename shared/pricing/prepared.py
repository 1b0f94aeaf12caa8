"""What follows from a tariff alone. It is worked out once, when the tariff first prices something."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from .boundaries import Boundaries, boundaries_of
from .matching import Matcher
from .tariff import Dimension, Tariff

_TIMES: Final = {Dimension.TIME, Dimension.PARKING_TIME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A tariff, ready to price with. `vat_rates` are those of its components, None among them if one has none."""

    matcher: Matcher
    boundaries: Boundaries
    vat_rates: frozenset[Decimal | None]
    conditional_elements: int
    prices_time: bool
    prices_parking: bool
    fees: str
    """The kinds of components that are not due per session, in words."""


def prepared(tariff: Tariff) -> Prepared:
    """Kept with the tariff, which never changes."""
    known: Prepared | None = tariff.prepared
    if known is None:
        known = _prepared(tariff)
        object.__setattr__(tariff, "prepared", known)
    return known


def _prepared(tariff: Tariff) -> Prepared:
    components = list(tariff.price_components)
    matcher = Matcher(tariff.elements)
    return Prepared(
        matcher=matcher,
        boundaries=boundaries_of(tariff),
        vat_rates=frozenset(component.vat for component in components),
        conditional_elements=sum(bool(conditions) for conditions in matcher.conditions),
        prices_time=any(component.dimension in _TIMES for component in components),
        prices_parking=any(component.dimension is Dimension.PARKING_TIME for component in components),
        fees=", ".join(dict.fromkeys(fee.kind for fee in tariff.fees)),
    )
