"""What Utility Cloud gets: the JSON of a line in each of the two modes.

Inferred, because its documents leave it open: ids are JSON strings, amounts are JSON numbers with the currency's
decimals, optional fields are absent when unset; of the meter values everything but `AccountingPointIdentifier`, and
that a corrected series takes the place of the one before it when it comes under the same `TransactionId`.
"""

from collections.abc import Mapping
from datetime import datetime

from shared.billing import ERASED, CostedLine, Line, MeteredLine
from shared.instant import utc_text


def payload_of(line: Line) -> dict[str, object]:
    """The document that is sent for `line`; numbers are Decimal or int."""
    return _metered(line) if isinstance(line, MeteredLine) else costed_transaction(line)


def costed_transaction(line: CostedLine) -> dict[str, object]:
    """A costed transaction, field names as Utility Cloud states them."""
    document: dict[str, object] = {
        "transactionId": line.transaction_id,
        "transactionOwnerId": line.owner,
        "siteId": line.site_id,
        "authorizedTag": line.tag,
        "authorizedTagName": line.tag_name,
        "timestampStart": utc_text(line.started_at),
        "timestampEnd": utc_text(line.ended_at),
        "fullConsumptionKWh": line.consumption_kwh,
        "currency": line.currency,
        "vatPercent": line.vat_percent,
        "totalCostInclVat": line.total_incl_vat,
        "totalCostExclVat": line.total_excl_vat,
        "totalVat": line.total_vat,
        "creditReferenceTransactionId": line.credit_reference,
        "revenueShareId": line.revenue_share_id,
    }
    return {name: value for name, value in document.items() if value is not None}


def same_line(sent: Mapping[str, object], found: Mapping[str, object]) -> bool:
    """Whether what Utility Cloud has is what we sent, field by field; what it adds of its own does not count, nor how
    it spells numbers and instants.
    """
    return not differing_fields(sent, found)


def differing_fields(sent: Mapping[str, object], found: Mapping[str, object]) -> list[str]:
    """In which fields that is not so. What was erased here since it was sent is not compared."""
    return [
        name for name, value in sent.items() if value != ERASED and not (name in found and _same(value, found[name]))
    ]


def _same(sent: object, found: object) -> bool:
    if sent == found:
        return True
    if not isinstance(sent, str) or not isinstance(found, str):
        return False
    instant = _instant(sent)
    return instant is not None and instant == _instant(found)


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.utcoffset() is not None else None


def _metered(line: MeteredLine) -> dict[str, object]:
    return {
        "AccountingPointIdentifier": line.owner,
        # That of the session, also where our own row of a corrected series has an id of its own.
        "TransactionId": line.session_id,
        "MeterValues": [
            {
                "StartTimestamp": utc_text(value.started_at),
                "EndTimestamp": utc_text(value.ended_at),
                "Value": value.kwh,
                "Unit": "kWh",
            }
            for value in line.values
        ],
    }
