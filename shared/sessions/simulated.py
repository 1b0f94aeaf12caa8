"""What a simulation comes to: for each session what it did cost and what it would have, and their sums."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.billing import CostedLine
from shared.money import RoundedAmounts
from shared.pricing import Report


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """Money in one currency, in whole minor units; `excl` + `vat` = `incl`, for sums too."""

    excl: Decimal
    vat: Decimal
    incl: Decimal

    @classmethod
    def of_line(cls, line: CostedLine) -> "Amounts":
        """What a line charges."""
        return cls(excl=line.total_excl_vat, vat=line.total_vat, incl=line.total_incl_vat)

    @classmethod
    def of_report(cls, rounded: RoundedAmounts) -> "Amounts":
        """What a line would charge."""
        return cls(excl=rounded.excl, vat=rounded.vat, incl=rounded.incl)

    @classmethod
    def sum_of(cls, each: Iterable["Amounts"]) -> "Amounts":
        """All of them together; of none, zero."""
        total = cls(excl=Decimal(0), vat=Decimal(0), incl=Decimal(0))
        for one in each:
            total = cls(excl=total.excl + one.excl, vat=total.vat + one.vat, incl=total.incl + one.incl)
        return total


@dataclass(frozen=True, kw_only=True)
class SimulatedSession:
    """A session. `actual` is None where no line states a cost: Utility Cloud priced its meter values.

    `simulated` is None where the session cannot be priced, and `fault` then says why. `report` is kept only where one
    session was asked for.
    """

    transaction_id: str
    owner: str
    site_id: int
    started_at: datetime
    ended_at: datetime
    consumption_kwh: Decimal
    actual: Amounts | None
    simulated: Amounts | None = None
    fault: str | None = None
    report: Report | None = None

    @property
    def difference(self) -> Decimal | None:
        """By how much it would have cost more, incl. VAT; below zero: less."""
        return _difference(self.actual, self.simulated)


@dataclass(frozen=True, kw_only=True)
class SimulatedSum:
    """Sums over the `priced` of the `sessions`: those that have no price count in none of them.

    `actual` is None as soon as one of the priced sessions has no cost of its own, because the two sides would then be
    sums over different sessions.
    """

    sessions: int
    priced: int
    consumption_kwh: Decimal
    actual: Amounts | None
    simulated: Amounts

    @property
    def not_priced(self) -> int:
        """How many sessions are left out."""
        return self.sessions - self.priced

    @property
    def difference(self) -> Decimal | None:
        """By how much they would have cost more, incl. VAT."""
        return _difference(self.actual, self.simulated)


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Sessions under a tariff, newest end first. `continuation`: there are more, and the sum is of these alone."""

    tariff_id: str
    currency: str
    items: tuple[SimulatedSession, ...]
    continuation: str | None = None

    @property
    def sum(self) -> SimulatedSum:
        """The items together."""
        return _sum_of(self.items)


def _sum_of(items: Sequence[SimulatedSession]) -> SimulatedSum:
    priced = [(item, item.simulated) for item in items if item.simulated is not None]
    actual = [item.actual for item, _ in priced if item.actual is not None]
    return SimulatedSum(
        sessions=len(items),
        priced=len(priced),
        consumption_kwh=sum((item.consumption_kwh for item, _ in priced), Decimal(0)),
        actual=Amounts.sum_of(actual) if len(actual) == len(priced) else None,
        simulated=Amounts.sum_of(simulated for _, simulated in priced),
    )


def _difference(actual: Amounts | None, simulated: Amounts | None) -> Decimal | None:
    return simulated.incl - actual.incl if actual is not None and simulated is not None else None
