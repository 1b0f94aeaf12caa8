"""HTTP: what sessions would be as costed lines, beside the meter values that were sent."""

from datetime import datetime

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import PageQuery, QueryInstant
from functions.transaction_document import breakdown_document
from shared.json_documents import Number
from shared.sessions import Comparison, ComparisonSum, sum_of_comparisons
from shared.wiring import wiring

blueprint = func.Blueprint()


class RehearsalQuery(PageQuery):
    """Which sessions: those that ended from `from` on and before `to`."""

    since: QueryInstant | None = Field(default=None, alias="from")
    until: QueryInstant | None = Field(default=None, alias="to")


class _Shown(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class RehearsedLineDocument(_Shown):
    """The line that would have been sent."""

    tariff_id: str | None
    currency: str
    vat_percent: Number
    total_cost_excl_vat: Number
    total_vat: Number
    total_cost_incl_vat: Number
    revenue_share_id: int | None
    breakdown: list[dict[str, object]]


class ComparisonDocument(_Shown):
    """A session. `sentKWh` is the total of the series that was sent, 0 if there was none; `costed` is null where there
    is nothing to bill, or where it has no price: `fault` then says why.
    """

    transaction_id: str
    owner: str
    site_id: int
    timestamp_start: datetime
    timestamp_end: datetime
    sent_kwh: Number = Field(alias="sentKWh")
    costed: RehearsedLineDocument | None
    fault: str | None


class RehearsedAmountsDocument(_Shown):
    """The sum of the lines in one currency."""

    currency: str
    excl_vat: Number
    vat: Number
    incl_vat: Number


class ComparisonSumDocument(_Shown):
    """The sum of these items: the sums of all pages add up."""

    sessions: int
    priced: int
    not_priced: int
    nothing_to_bill: int
    sent_kwh: Number = Field(alias="sentKWh")
    costed: list[RehearsedAmountsDocument]


class RehearsalAnswer(_Shown):
    """Sessions settled while the rehearsal ran, by their end, newest first. `mode` is what is rehearsed now; null:
    nothing is.
    """

    mode: str | None
    items: list[ComparisonDocument]
    sum: ComparisonSumDocument
    continuation: str | None


@endpoint(
    blueprint,
    "GET",
    "api/v1/operators/{gln}/rehearsal",
    scope=Scope.OPERATOR_ADMIN,
    query=RehearsalQuery,
    answers={200: RehearsalAnswer},
    summary="What was sent as meter values, beside what the costed lines would be",
)
async def get_rehearsal(call: Call) -> Answer:
    query: RehearsalQuery = call.query
    found, continuation = await wiring().lines.comparisons(
        home=call.operator.home,
        since=query.since,
        until=query.until,
        limit=query.limit,
        continuation=query.continuation,
    )
    return Answer(
        document={
            "mode": call.operator.rehearsal.mode if call.operator.rehearsal else None,
            "items": [_comparison(each) for each in found],
            "sum": _sum(sum_of_comparisons(found)),
            "continuation": continuation,
        }
    )


def _comparison(comparison: Comparison) -> dict[str, object]:
    return {
        "transactionId": comparison.session_id,
        "owner": comparison.owner,
        "siteId": comparison.site_id,
        "timestampStart": comparison.started_at,
        "timestampEnd": comparison.ended_at,
        "sentKWh": comparison.sent_kwh,
        "costed": _costed(comparison),
        "fault": comparison.fault,
    }


def _costed(comparison: Comparison) -> dict[str, object] | None:
    line = comparison.line
    if line is None:
        return None
    return {
        "tariffId": line.report.tariff_id if line.report else None,
        "currency": line.currency,
        "vatPercent": line.vat_percent,
        "totalCostExclVat": line.total_excl_vat,
        "totalVat": line.total_vat,
        "totalCostInclVat": line.total_incl_vat,
        "revenueShareId": line.revenue_share_id,
        "breakdown": breakdown_document(line.report) if line.report else [],
    }


def _sum(sums: ComparisonSum) -> dict[str, object]:
    return {
        "sessions": sums.sessions,
        "priced": sums.priced,
        "notPriced": sums.not_priced,
        "nothingToBill": sums.nothing_to_bill,
        "sentKWh": sums.sent_kwh,
        "costed": [
            {"currency": currency, "exclVat": amounts.excl, "vat": amounts.vat, "inclVat": amounts.incl}
            for currency, amounts in sums.costed.items()
        ],
    }
