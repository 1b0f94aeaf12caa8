"""Rounding volumes up to the step size, once per session."""

from collections.abc import Sequence
from decimal import Decimal

from .tariff import Dimension
from .usage import Usage


def billed_volumes(*, used: Sequence[Usage]) -> list[Decimal]:
    """The volume to bill for each usage, in their order. Call it within `exactly()`.

    For ENERGY and for TIME the sum over the session is rounded up to the step size of the last component that priced
    any of it, and what that adds is billed there.
    """
    billed = [usage.volume for usage in used]
    for dimension in (Dimension.ENERGY, Dimension.TIME):
        relevant = [
            number
            for number, usage in enumerate(used)
            if usage.dimension is dimension and usage.match.applied and usage.volume
        ]
        last = used[relevant[-1]].match.applied if relevant else None
        if last is None or last.price.step_size == 0:
            continue
        beyond = sum((used[number].volume for number in relevant), Decimal(0)) % last.price.step_size
        if beyond:
            billed[relevant[-1]] += last.price.step_size - beyond
    return billed
