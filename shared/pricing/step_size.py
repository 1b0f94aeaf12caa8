"""Rounding volumes up to the step size, once per session."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from .tariff import Dimension
from .usage import Usage

# Less than a thousandth of a Wh or a second beyond a step is no use of it: two thirds of an hour, written as a decimal.
_SMALLEST: Final = Decimal("0.001")


def billed_volumes(*, used: Sequence[Usage]) -> list[Decimal]:
    """The volume to bill for each usage, in their order. Call it within `exactly()`.

    For ENERGY, and for the time, the sum over the session is rounded up to the step size of the last component that
    priced any of it, and what that adds is billed there. Of the time only what was parked is rounded if any of it has
    a price, else what was spent charging.
    """
    billed = [usage.volume for usage in used]
    relevant: dict[Dimension, list[int]] = {}
    for number, usage in enumerate(used):
        if usage.price is not None and usage.volume:
            relevant.setdefault(usage.dimension, []).append(number)
    time = Dimension.PARKING_TIME if Dimension.PARKING_TIME in relevant else Dimension.TIME
    for dimension in (Dimension.ENERGY, time):
        numbers = relevant.get(dimension)
        last = used[numbers[-1]].match.applied if numbers else None
        if numbers is None or last is None or last.price.step_size == 0:
            continue
        beyond = sum((used[number].volume for number in numbers), Decimal(0)) % last.price.step_size
        if beyond >= _SMALLEST:
            billed[numbers[-1]] += last.price.step_size - beyond
    return billed
