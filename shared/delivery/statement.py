"""What was sent in a time, as finance reads it: each line, and sums by VAT rate and currency."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from shared.identifiers import OperatorHome
from shared.json_documents import read_json

from .delivery import Delivery, DeliveryState, Destination
from .overview import DeliveryIndex

MOST_LINES = 20_000
"""So many lines are taken into one statement; a longer time is asked for in parts."""

_PAGE = 1000
_NEVER_SENT = frozenset({DeliveryState.WITHDRAWN, DeliveryState.REHEARSED})


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """A line by what is sent of it, digit by digit. Without amounts it is a series that Utility Cloud prices."""

    transaction_id: str
    state: DeliveryState
    delivered_at: datetime | None
    owner: str
    site_id: int | None
    tag: str | None
    tag_name: str | None
    started_at: datetime
    ended_at: datetime
    kwh: Decimal
    currency: str | None = None
    vat_percent: Decimal | None = None
    excl: Decimal | None = None
    vat: Decimal | None = None
    incl: Decimal | None = None
    credit_reference: str | None = None
    revenue_share_id: int | None = None
    replaces: str | None = None
    """The series that it takes the place of at Utility Cloud."""

    @property
    def is_sent(self) -> bool:
        """Whether Utility Cloud has it, or is to get it."""
        return self.state not in _NEVER_SENT


@dataclass(frozen=True, kw_only=True)
class StatementSum:
    """Lines of one currency and VAT rate together, those that have arrived apart from those that have not yet.

    In a total of a currency `is_delivered` and `vat_percent` are None.
    """

    is_delivered: bool | None
    currency: str | None
    vat_percent: Decimal | None
    lines: int
    kwh: Decimal
    excl: Decimal
    vat: Decimal
    incl: Decimal


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Lines by the end of their sessions, newest first. `is_whole`: there are no more in that time."""

    lines: tuple[StatementLine, ...]
    is_whole: bool

    @property
    def sums(self) -> tuple[StatementSum, ...]:
        """What counts at Utility Cloud: nothing that was withdrawn or only rehearsed, no series that was replaced."""
        kinds = sorted(
            {_kind(line) for line in self.counted}, key=lambda kind: (not kind[0], kind[1] or "", kind[2] or 0)
        )
        return tuple(_sum(kind, [line for line in self.counted if _kind(line) == kind]) for kind in kinds)

    @property
    def totals(self) -> tuple[StatementSum, ...]:
        """The same by currency alone."""
        currencies = sorted({line.currency or "" for line in self.counted})
        return tuple(
            _sum((None, currency or None, None), [line for line in self.counted if (line.currency or "") == currency])
            for currency in currencies
        )

    @cached_property
    def counted(self) -> tuple[StatementLine, ...]:
        """The lines that the sums are of."""
        sent = [line for line in self.lines if line.is_sent]
        replaced = Counter(line.replaces for line in sent)
        return tuple(line for line in sent if not replaced[line.transaction_id])


async def statement(
    *, index: DeliveryIndex, home: OperatorHome, since: datetime, until: datetime, most: int = MOST_LINES
) -> Statement:
    """The lines of sessions that ended from `since` on and before `until`. Raises StorageUnavailable."""
    lines: list[StatementLine] = []
    continuation: str | None = None
    while len(lines) < most:
        found, continuation = await index.ended(
            home=home, since=since, until=until, limit=min(_PAGE, most - len(lines)), continuation=continuation
        )
        lines += [statement_line(each) for each in found]
        if continuation is None:
            break
    return Statement(lines=tuple(lines), is_whole=continuation is None)


def statement_line(delivery: Delivery) -> StatementLine:
    """A delivery as finance reads it."""
    sent: dict[str, Any] = read_json(delivery.payload)
    if delivery.destination is Destination.METER_VALUES:
        return _series(delivery, sent)
    return StatementLine(
        transaction_id=delivery.transaction_id,
        state=delivery.state,
        delivered_at=delivery.delivered_at,
        owner=sent["transactionOwnerId"],
        site_id=sent["siteId"],
        tag=sent["authorizedTag"],
        tag_name=sent["authorizedTagName"],
        started_at=datetime.fromisoformat(sent["timestampStart"]),
        ended_at=datetime.fromisoformat(sent["timestampEnd"]),
        kwh=Decimal(sent["fullConsumptionKWh"]),
        currency=sent["currency"],
        vat_percent=Decimal(sent["vatPercent"]),
        excl=Decimal(sent["totalCostExclVat"]),
        vat=Decimal(sent["totalVat"]),
        incl=Decimal(sent["totalCostInclVat"]),
        credit_reference=sent.get("creditReferenceTransactionId"),
        revenue_share_id=sent.get("revenueShareId"),
    )


def _series(delivery: Delivery, sent: dict[str, Any]) -> StatementLine:
    values = sent["MeterValues"]
    return StatementLine(
        transaction_id=delivery.transaction_id,
        state=delivery.state,
        delivered_at=delivery.delivered_at,
        owner=sent["AccountingPointIdentifier"],
        site_id=None,
        tag=None,
        tag_name=None,
        started_at=datetime.fromisoformat(values[0]["StartTimestamp"]),
        ended_at=datetime.fromisoformat(values[-1]["EndTimestamp"]),
        kwh=sum((Decimal(value["Value"]) for value in values), Decimal(0)),
        replaces=delivery.after,
    )


def _kind(line: StatementLine) -> tuple[bool, str | None, Decimal | None]:
    return line.state is DeliveryState.DELIVERED, line.currency, line.vat_percent


def _sum(kind: tuple[bool | None, str | None, Decimal | None], lines: Sequence[StatementLine]) -> StatementSum:
    is_delivered, currency, vat_percent = kind
    return StatementSum(
        is_delivered=is_delivered,
        currency=currency,
        vat_percent=vat_percent,
        lines=len(lines),
        kwh=sum((line.kwh for line in lines), Decimal(0)),
        excl=sum((line.excl or Decimal(0) for line in lines), Decimal(0)),
        vat=sum((line.vat or Decimal(0) for line in lines), Decimal(0)),
        incl=sum((line.incl or Decimal(0) for line in lines), Decimal(0)),
    )
