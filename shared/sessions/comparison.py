"""A session of which a series was sent, beside the line that it would be if it were priced here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.billing import CostedLine, Line
from shared.drivers import Driver
from shared.operators import Site

from .catalogue import Catalogue
from .costed import Case, Held, costed_line
from .simulated import Amounts


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`sent_kwh` is the total of the series, 0 if there was nothing to send. `line` is written nowhere else and never
    sent; it is None where there is nothing to bill, or where the session has no price: `fault` then says why.
    """

    session_id: str
    owner: str
    site_id: int
    started_at: datetime
    ended_at: datetime
    sent_kwh: Decimal
    line: CostedLine | None = None
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class ComparisonSum:
    """Comparisons together. `costed` are the sums of those that have a line, by currency; what has no price counts in
    `not_priced` and in none of them.
    """

    sessions: int
    not_priced: int
    nothing_to_bill: int
    sent_kwh: Decimal
    costed: Mapping[str, Amounts]

    @property
    def priced(self) -> int:
        """How many have a line."""
        return self.sessions - self.not_priced - self.nothing_to_bill


def sum_of_comparisons(comparisons: Sequence[Comparison]) -> ComparisonSum:
    """All of them together."""
    lines = [each.line for each in comparisons if each.line is not None]
    return ComparisonSum(
        sessions=len(comparisons),
        not_priced=sum(each.fault is not None for each in comparisons),
        nothing_to_bill=sum(each.fault is None and each.line is None for each in comparisons),
        sent_kwh=sum((each.sent_kwh for each in comparisons), Decimal(0)),
        costed={
            currency: Amounts.sum_of(Amounts.of_line(line) for line in lines if line.currency == currency)
            for currency in sorted({line.currency for line in lines})
        },
    )


async def compared(
    case: Case, *, sent: Line | None, driver: Driver, site_id: int, path: tuple[Site, ...], catalogue: Catalogue
) -> Comparison:
    """The session with its line if it were costed, whatever the operator's mode. Raises StorageUnavailable."""
    line, fault = None, None
    try:
        line = await costed_line(case, driver=driver, site_id=site_id, path=path, catalogue=catalogue)
    except Held as held:
        fault = str(held)
    return Comparison(
        session_id=case.session.session_id,
        owner=driver.external_id,
        site_id=site_id,
        started_at=case.stop.started_at,
        ended_at=case.stop.ended_at,
        sent_kwh=sent.consumption_kwh if sent is not None else Decimal(0),
        line=line,
        fault=fault,
    )
