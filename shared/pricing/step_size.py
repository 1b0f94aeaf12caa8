"""Rounding volumes up to the step size, once per session."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from .tariff import Dimension
from .usage import Usage

# Less than a thousandth of a Wh or a second beyond a step is no use of it: two thirds of an hour, written as a decimal.
_SMALLEST: Final = Decimal("0.001")
_NOTHING: Final = Decimal(0)


def billed_volumes(*, used: Sequence[Usage]) -> list[Decimal]:
    """The volume to bill for each usage, in their order. Call it within `exactly()`.

    For ENERGY, and for the time, the sum over the session is rounded up to the step size of the last component that
    priced any of it, and what that adds is billed there. Of the time only what was parked is rounded if any of it has
    a price, else what was spent charging.
    """
    billed = [usage.volume for usage in used]
    last = {usage.dimension: number for number, usage in enumerate(used) if usage.price is not None}
    time = Dimension.PARKING_TIME if Dimension.PARKING_TIME in last else Dimension.TIME
    for dimension in (Dimension.ENERGY, time):
        number = last.get(dimension)
        applied = used[number].match.applied if number is not None else None
        if number is None or applied is None or applied.price.step_size == 0:
            continue
        volumes = [each.volume for each in used if each.dimension is dimension and each.price is not None]
        beyond = sum(volumes, _NOTHING) % applied.price.step_size
        if beyond >= _SMALLEST:
            billed[number] += applied.price.step_size - beyond
    return billed
