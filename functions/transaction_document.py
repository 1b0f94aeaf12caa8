"""A line as Utility Cloud sees it when it asks us: the costed transaction's own fields, its delivery, its breakdown."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.billing import CostedLine, Line, MeteredLine
from shared.delivery import Delivery, costed_transaction
from shared.json_documents import Number
from shared.pricing import PricedDimension, PricedPeriod, Report, SpotPart
from shared.sessions import LineWithDelivery


class _Shown(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class DeliveryDocument(_Shown):
    """How far a line has come. Times in UTC."""

    state: str
    attempts: int
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    last_error: str | None


class TransactionDocument(_Shown):
    """A line. In meter-value mode the amounts are absent; whatever is unset is absent, never null."""

    transaction_id: str
    transaction_owner_id: str
    site_id: int
    authorized_tag: str
    authorized_tag_name: str
    timestamp_start: datetime
    timestamp_end: datetime
    full_consumption_kwh: Number = Field(alias="fullConsumptionKWh")
    currency: str | None = None
    vat_percent: Number | None = None
    total_cost_incl_vat: Number | None = None
    total_cost_excl_vat: Number | None = None
    total_vat: Number | None = None
    credit_reference_transaction_id: str | None = None
    revenue_share_id: int | None = None
    delivery: DeliveryDocument
    breakdown: list[dict[str, Any]]
    notes: list[str]


def transaction_document(found: LineWithDelivery) -> dict[str, object]:
    """The JSON of a `TransactionDocument`."""
    line = found.line
    own = costed_transaction(line) if isinstance(line, CostedLine) else _metered(line)
    return {**own, "delivery": delivery_document(found.delivery), "breakdown": _breakdown(line), "notes": _notes(line)}


def delivery_document(delivery: Delivery) -> dict[str, object]:
    """The JSON of a `DeliveryDocument`."""
    return {
        "state": delivery.state,
        "attempts": delivery.attempts,
        "nextAttemptAt": delivery.next_attempt_at,
        "deliveredAt": delivery.delivered_at,
        "lastError": delivery.last_error,
    }


def _metered(line: MeteredLine) -> dict[str, object]:
    return {
        "transactionId": line.transaction_id,
        "transactionOwnerId": line.owner,
        "siteId": line.site_id,
        "authorizedTag": line.tag,
        "authorizedTagName": line.tag_name,
        "timestampStart": line.started_at,
        "timestampEnd": line.ended_at,
        "fullConsumptionKWh": line.consumption_kwh,
        **({"creditReferenceTransactionId": line.credit_reference} if line.credit_reference else {}),
    }


def _breakdown(line: Line) -> list[dict[str, object]]:
    if isinstance(line, MeteredLine):
        return [{"start": each.started_at, "end": each.ended_at, "kWh": each.kwh} for each in line.values]
    return breakdown_document(line.report) if line.report else []


def _notes(line: Line) -> list[str]:
    """What one would ask about the amounts: a limit that applied, what the step size added, readings left out."""
    return list(line.report.notes) if isinstance(line, CostedLine) and line.report else []


def breakdown_document(report: Report) -> list[dict[str, object]]:
    """How a price came about, period by period."""
    return [_period(period, includes_vat=report.prices_include_vat) for period in report.periods]


def _period(period: PricedPeriod, *, includes_vat: bool) -> dict[str, object]:
    return {
        "start": period.start,
        "end": period.end,
        "interpolated": period.interpolated,
        "dimensions": [_dimension(each, includes_vat=includes_vat) for each in period.dimensions],
    }


def _dimension(priced: PricedDimension, *, includes_vat: bool) -> dict[str, object]:
    return {
        "dimension": priced.dimension,
        "measured": priced.measured,
        "billed": priced.billed,
        "unit": priced.unit,
        "unitPrice": priced.unit_price,
        "priceUnit": priced.price_unit,
        "priceIncludesVat": includes_vat,
        "vatPercent": priced.vat_percent,
        "exclVat": priced.excl,
        "inclVat": priced.incl,
        "element": priced.element,
        "component": priced.component,
        "passedOver": [{"element": each.element, "reason": each.reason} for each in priced.passed_over],
        "spot": _spot(priced.spot) if priced.spot else None,
    }


def _spot(spot: SpotPart) -> dict[str, object]:
    return {"biddingZone": spot.bidding_zone, "starts": spot.starts, "price": spot.price, "formula": spot.formula}
