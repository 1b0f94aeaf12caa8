"""How a price follows from a spot price, as one would write it down."""

from decimal import Decimal
from typing import Final, NamedTuple

from .exact import printed
from .tariff import SpotTerms

_PERCENT: Final = Decimal("0.01")


class SpotFormula(NamedTuple):
    """The words around the spot price: the same for each one."""

    before: str
    after: str

    def written(self, *, spot: Decimal, price: Decimal) -> str:
        """How `price` follows from `spot`."""
        return f"{self.before}{printed(spot)}{self.after} = {printed(price)}"


def spot_formula(terms: SpotTerms) -> SpotFormula:
    """The words for `terms`. Call it within `exactly()`."""
    before, after = "", ""
    if terms.margin_percentage:
        after += f" x {printed(1 + terms.margin_percentage * _PERCENT)}"
    if terms.margin:
        after += f" {'-' if terms.margin < 0 else '+'} {printed(abs(terms.margin))}"
    if terms.price_cap is not None:
        after += f", at most {printed(terms.price_cap)}"
    if terms.cost_percentage != 100:
        before, after = "(", f"{after}) x {printed(terms.cost_percentage)} %"
    return SpotFormula(before=before, after=after)
