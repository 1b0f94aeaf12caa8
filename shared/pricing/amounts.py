"""Volume times price, before and after VAT."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from .exact import quotient
from .tariff import Dimension
from .usage import Usage

# Volumes are in Wh and seconds, prices per kWh and hour.
_PER_PRICE: Final = {
    Dimension.ENERGY: Decimal(1000),
    Dimension.TIME: Decimal(3600),
    Dimension.PARKING_TIME: Decimal(3600),
    Dimension.FLAT: Decimal(1),
}
# What would be divided by a power of ten needs no division, and has an end.
_SHARES: Final = {Dimension.ENERGY: Decimal("0.001"), Dimension.FLAT: Decimal(1)}
_NOTHING: Final = (Decimal(0), Decimal(0))
_HUNDRED: Final = Decimal(100)


def amounts(*, used: Sequence[Usage], billed: Sequence[Decimal], includes_vat: bool) -> list[tuple[Decimal, Decimal]]:
    """What each usage costs, excl. and incl. VAT, in their order; `includes_vat`: prices are gross. Call it within
    `exactly()`.

    A third of an hour has no end as a decimal, nor has the net of most gross prices. So each amount is the difference
    of two running sums, one for each dimension and rate, which are divided only after they were summed: three thirds
    cost what one hour costs, to the last digit.
    """
    summed: dict[tuple[Dimension, Decimal | None], Decimal] = {}
    reached: dict[tuple[Dimension, Decimal | None], tuple[Decimal, Decimal]] = {}
    found = []
    for usage, volume in zip(used, billed, strict=True):
        applied = usage.match.applied
        if applied is None or usage.price is None:
            found.append(_NOTHING)
            continue
        share = _SHARES.get(usage.dimension)
        if share is not None and not includes_vat:
            excl = usage.price * volume * share
            found.append((excl, excl * applied.gross))
            continue
        vat = applied.price.vat
        key = (usage.dimension, vat)
        summed[key] = total = summed.get(key, Decimal(0)) + usage.price * volume
        after = _both_sides(total, per=_PER_PRICE[usage.dimension], vat=vat or Decimal(0), includes_vat=includes_vat)
        before = reached.get(key, _NOTHING)
        found.append((after[0] - before[0], after[1] - before[1]))
        reached[key] = after
    return found


def _both_sides(total: Decimal, *, per: Decimal, vat: Decimal, includes_vat: bool) -> tuple[Decimal, Decimal]:
    if includes_vat:
        return quotient(total * _HUNDRED, per * (_HUNDRED + vat)), quotient(total, per)
    return quotient(total, per), quotient(total * (_HUNDRED + vat), per * _HUNDRED)
