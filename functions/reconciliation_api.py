"""HTTP: do sessions, lines and what Utility Cloud has agree?"""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import PageQuery, Query
from functions.problems import NotFound
from shared.faults import RowConflict
from shared.json_documents import Number
from shared.operators import CalendarDate, Operator
from shared.wiring import wiring

if TYPE_CHECKING:
    from shared.reconciliation import Reconciled, Tally

RUN_WAITED_FOR_SECONDS = 8
_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)

blueprint = func.Blueprint()
_ROUTE = "api/v1/operators/{gln}/reconciliation"


class ReconciliationQuery(PageQuery):
    """Which local day; without one the latest days, as a list."""

    date: Annotated[CalendarDate, Field(ge=_FIRST, le=_LAST)] | None = None


class RunQuery(Query):
    """Which local day; without one the day that ended last."""

    date: Annotated[CalendarDate, Field(ge=_FIRST, le=_LAST)] | None = None


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class TotalsDocument(BaseModel):
    """Energy in kWh; money of the lines in the operator's currency."""

    currency: str
    sessionsKWh: Number  # noqa: N815  the name on the wire
    linesKWh: Number  # noqa: N815  as above
    linesExclVat: Number  # noqa: N815  as above
    linesVat: Number  # noqa: N815  as above
    linesInclVat: Number  # noqa: N815  as above
    presentInclVat: Number  # noqa: N815  as above


class DifferenceDocument(_Document):
    """One thing that does not agree, and what to do about it."""

    kind: str
    transaction_id: str
    detail: str


class ReconciliationDocument(_Document):
    """A local day, `from` inclusive and `to` exclusive in UTC. `lines` are those that count, without withdrawn ones;
    `notChecked` are delivered or rehearsed lines that nobody can ask for, by reason in `notCheckedBecause`; of more
    than a hundred `differences` of a kind the rest is `differencesBeyond`. In a list `differences` is null. All that is
    null or absent besides is not known yet. `state` `done` says that all was gone through: all agrees only if moreover
    `differenceCounts` is empty and `notChecked` is 0, else only the `equal` lines are known to agree.
    """

    date: str
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    state: str
    started_at: datetime
    finished_at: datetime | None
    wanted_by: str | None
    sessions: int
    nothing_to_bill: int
    discarded: int
    lines: int
    delivered: int
    present: int
    equal: int
    not_checked: int
    not_checked_because: dict[str, int]
    lines_in_other_currency: int
    totals: TotalsDocument
    difference_counts: dict[str, int]
    differences: list[DifferenceDocument] | None
    differences_beyond: int


class ReconciliationAnswer(BaseModel):
    """With a date the day's document, without one `{items, continuation}` of such documents."""

    model_config = ConfigDict(extra="allow", defer_build=True)


@endpoint(
    blueprint,
    "GET",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    query=ReconciliationQuery,
    answers={200: ReconciliationAnswer},
    summary="How a local day's sessions, lines and what Utility Cloud has agree; without a date the latest days",
)
async def get_reconciliation(call: Call) -> Answer:
    query: ReconciliationQuery = call.query
    results, home = wiring().reconciliations, call.operator.home
    if query.date is not None:
        stored = await results.find(home=home, day=query.date)
        if stored is None:
            raise NotFound(f"reconciliation of {query.date.isoformat()}")
        return Answer(document=_shown(stored.value))
    found, continuation = await results.latest(home=home, limit=query.limit, continuation=query.continuation)
    items = [{**_shown(each), "differences": None} for each in found]
    return Answer(document={"items": items, "continuation": continuation})


@endpoint(
    blueprint,
    "POST",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    query=RunQuery,
    answers={200: ReconciliationDocument, 202: ReconciliationDocument},
    summary="Reconcile a local day now; 202 if it takes longer than some seconds: it goes on, ask for it then",
)
async def run_reconciliation(call: Call) -> Answer:
    services, operator = wiring(), call.operator
    query: RunQuery = call.query
    day = query.date or _day_that_ended_last(operator, call.received_at)
    wanted_by = f"{call.caller.label or 'key'} ({call.caller.key_id})"
    await services.background.at_most(
        _run(operator, day, wanted_by), seconds=RUN_WAITED_FOR_SECONDS, name=f"reconciling {day.isoformat()}"
    )
    stored = await services.reconciliations.find(home=operator.home, day=day)
    if stored is None:
        raise NotFound(f"reconciliation of {day.isoformat()}")
    return Answer(status=202 if stored.value.is_running else 200, document=_shown(stored.value))


async def _run(operator: Operator, day: date, wanted_by: str) -> None:
    try:
        await wiring().reconciliation.run(operator=operator, day=day, wanted_by=wanted_by)
    except RowConflict:
        return  # another run is at the same day: that one's result is what there is


def _day_that_ended_last(operator: Operator, now: datetime) -> date:
    from shared.reconciliation import local_day

    today = now.astimezone(operator.zone).date()
    yesterday = today - timedelta(days=1)
    return yesterday if local_day(yesterday, zone=operator.zone).until <= now else yesterday - timedelta(days=1)


def _shown(result: "Reconciled") -> dict[str, Any]:
    tally = result.tally
    return {
        "date": result.day.isoformat(),
        "from": result.since,
        "to": result.until,
        "state": result.state,
        "startedAt": result.started_at,
        "finishedAt": result.finished_at,
        "wantedBy": result.wanted_by,
        "sessions": tally.sessions,
        "nothingToBill": tally.nothing_to_bill,
        "discarded": tally.discarded,
        "lines": tally.lines,
        "delivered": tally.delivered,
        "present": tally.present,
        "equal": tally.equal,
        "notChecked": tally.not_checked.total(),
        "notCheckedBecause": dict(sorted(tally.not_checked.items())),
        "linesInOtherCurrency": tally.other_currency,
        "totals": _totals(tally, result.currency),
        "differenceCounts": dict(sorted(tally.by_kind.items())),
        "differences": [
            {"kind": each.kind, "transactionId": each.transaction_id, "detail": each.detail}
            for each in tally.differences
        ],
        "differencesBeyond": tally.beyond,
    }


def _totals(tally: "Tally", currency: str) -> dict[str, Any]:
    totals = tally.totals
    return {
        "currency": currency,
        "sessionsKWh": totals.sessions_kwh,
        "linesKWh": totals.lines_kwh,
        "linesExclVat": totals.lines_excl_vat,
        "linesVat": totals.lines_vat,
        "linesInclVat": totals.lines_incl_vat,
        "presentInclVat": totals.present_incl_vat,
    }
