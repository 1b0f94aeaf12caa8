"""Volume times price, before and after VAT."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from .exact import quotient
from .tariff import Dimension
from .usage import Usage

_VOLUME_PER_PRICE_UNIT: Final = {
    Dimension.ENERGY: 1000,
    Dimension.TIME: 3600,
    Dimension.PARKING_TIME: 3600,
    Dimension.FLAT: 1,
}


def amounts(*, used: Sequence[Usage], billed: Sequence[Decimal]) -> list[tuple[Decimal, Decimal]]:
    """What each usage costs, excl. and incl. VAT, in their order. Call it within `exactly()`.

    A third of an hour has no end as a decimal. So each amount is the difference of two running sums, which are divided
    only after they were summed: three thirds cost what one hour costs, to the last digit.
    """
    running: dict[Dimension, tuple[Decimal, Decimal]] = {}
    found = []
    for usage, volume in zip(used, billed, strict=True):
        applied = usage.match.applied
        price = applied.price.price if applied else Decimal(0)
        vat = applied.price.vat if applied else None
        excl_before, incl_before = running.get(usage.dimension, (Decimal(0), Decimal(0)))
        excl_after = excl_before + price * volume
        incl_after = incl_before + price * volume * (100 + (vat or 0))
        unit = Decimal(_VOLUME_PER_PRICE_UNIT[usage.dimension])
        excl = quotient(excl_after, unit) - quotient(excl_before, unit)
        incl = quotient(incl_after, unit * 100) - quotient(incl_before, unit * 100)
        found.append((excl, incl))
        running[usage.dimension] = (excl_after, incl_after)
    return found
