"""What was counted of a day's sessions and lines. Tallies add up."""

from collections import Counter
from dataclasses import dataclass, field, fields
from decimal import Decimal

from .difference import Difference, DifferenceKind

MOST_KEPT = 100
"""So many differences of each kind are kept in full, the others only counted: one row holds a day's result."""


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Energy in kWh; money in the operator's currency, of lines in that currency only."""

    sessions_kwh: Decimal = Decimal(0)
    lines_kwh: Decimal = Decimal(0)
    lines_excl_vat: Decimal = Decimal(0)
    lines_vat: Decimal = Decimal(0)
    lines_incl_vat: Decimal = Decimal(0)
    present_incl_vat: Decimal = Decimal(0)

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})


@dataclass(frozen=True, kw_only=True)
class Tally:
    """`lines` are those that count, so without withdrawn ones; `delivered` of them have arrived as far as we know,
    `present` were found at Utility Cloud, `equal` of these in each field. `not_checked` has, by reason, lines that
    nobody can ask for; `by_kind` how many differences there are of each kind, also beyond those kept.
    """

    sessions: int = 0
    nothing_to_bill: int = 0
    discarded: int = 0
    lines: int = 0
    delivered: int = 0
    present: int = 0
    equal: int = 0
    other_currency: int = 0
    not_checked: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[str] = field(default_factory=Counter)
    totals: Totals = field(default_factory=Totals)
    differences: tuple[Difference, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        added = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        return Tally(**{**added, "differences": _kept(added["differences"])})

    @property
    def beyond(self) -> int:
        """How many differences are counted, but not kept."""
        return self.by_kind.total() - len(self.differences)


def difference(found: Difference) -> Tally:
    """A tally of one difference."""
    return Tally(by_kind=Counter({found.kind.value: 1}), differences=(found,))


def _kept(differences: tuple[Difference, ...]) -> tuple[Difference, ...]:
    seen: Counter[DifferenceKind] = Counter()
    kept = []
    for each in differences:
        seen[each.kind] += 1
        if seen[each.kind] <= MOST_KEPT:
            kept.append(each)
    return tuple(kept)
