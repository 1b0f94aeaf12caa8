"""HTTP: what recorded sessions would have cost by a tariff."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.transaction_document import breakdown_document
from shared.instant import Instant
from shared.json_documents import DocumentRefused, FieldFault, Number, print_json
from shared.sessions import Amounts, Simulated, SimulatedSession, SimulatedSum
from shared.wiring import wiring

blueprint = func.Blueprint()

MOST_SESSIONS = 2000
"""In one call: a month of an operator with 65 sessions a day."""


class SimulationQuestion(BaseModel):
    """Which sessions: those that ended from `from` on and before `to`, or that of one line.

    `at`: by the version of the tariff in force then; absent: now.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, alias_generator=to_camel, hide_input_in_errors=True, defer_build=True
    )

    since: Annotated[Instant | None, Field(alias="from")] = None
    until: Annotated[Instant | None, Field(alias="to")] = None
    transaction_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    at: Instant | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_SESSIONS)] = MOST_SESSIONS
    continuation: Annotated[str, Field(max_length=1000)] | None = None


class _Shown(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class AmountsDocument(_Shown):
    """Money, in whole minor units; a sum is one of rounded amounts."""

    excl_vat: Number
    vat: Number
    incl_vat: Number


class SimulatedSessionDocument(_Shown):
    """A session. `actual` is null where no line states a cost, `simulated` where it cannot be priced: `fault` says why.

    `breakdown` and `notes` are there only if one transaction was asked for.
    """

    transaction_id: str
    owner: str
    site_id: int
    timestamp_start: datetime
    timestamp_end: datetime
    consumption_kwh: Number = Field(alias="consumptionKWh")
    actual: AmountsDocument | None
    simulated: AmountsDocument | None
    difference: Number | None
    fault: str | None
    breakdown: list[dict[str, Any]] | None = None
    notes: list[str] | None = None


class SimulatedSumDocument(_Shown):
    """Sums over the priced ones among these items. `actual` is null as soon as one of them has none."""

    sessions: int
    priced: int
    not_priced: int
    consumption_kwh: Number = Field(alias="consumptionKWh")
    actual: AmountsDocument | None
    simulated: AmountsDocument
    difference: Number | None


class SimulationDocument(_Shown):
    """Sessions that became a line, newest end first. With a `continuation` there are more, and `sum` is of this page:
    the sums of all pages add up.
    """

    tariff_id: str
    currency: str
    since: datetime | None = Field(alias="from")
    until: datetime | None = Field(alias="to")
    items: list[SimulatedSessionDocument]
    sum: SimulatedSumDocument
    continuation: str | None


@endpoint(
    blueprint,
    "POST",
    "api/v1/operators/{gln}/tariffs/{tariffId}/simulate",
    scope=Scope.OPERATOR_ADMIN,
    body=SimulationQuestion,
    answers={200: SimulationDocument},
    summary="What recorded sessions would have cost by a tariff, beside what they did cost; nothing is changed",
)
async def simulate_tariff(call: Call, body: SimulationQuestion) -> Answer:
    simulation, tariff_id, at = wiring().simulation, call.path["tariffId"], body.at or call.received_at
    if body.transaction_id is not None:
        _refuse_a_period(body)
        found = await simulation.of_transaction(
            operator=call.operator, tariff_id=tariff_id, at=at, transaction_id=body.transaction_id
        )
    else:
        since, until = _period(body)
        found = await simulation.of_period(
            operator=call.operator,
            tariff_id=tariff_id,
            at=at,
            since=since,
            until=until,
            limit=body.limit,
            continuation=body.continuation,
        )
    return Answer(content=await _printed(found, body))


def _refuse_a_period(body: SimulationQuestion) -> None:
    names = {"since": "from", "until": "to", "limit": "limit", "continuation": "continuation"}
    given = [names[field] for field in names if field in body.model_fields_set and getattr(body, field) is not None]
    if given:
        message = "must not stand beside transactionId"
        raise DocumentRefused(*(FieldFault(field=name, message=message) for name in given))


def _period(body: SimulationQuestion) -> tuple[datetime, datetime]:
    if body.since is None or body.until is None:
        missing = [name for name, value in (("from", body.since), ("to", body.until)) if value is None]
        message = "is needed: send from and to, or transactionId"
        raise DocumentRefused(*(FieldFault(field=name, message=message) for name in missing))
    if body.since > body.until:
        raise DocumentRefused(FieldFault(field="from", message="must not lie after to"))
    return body.since, body.until


async def _printed(found: Simulated, body: SimulationQuestion) -> bytes:
    """A `SimulationDocument`. Printing thousands of items takes a while, in which whoever stands at a charger wants an
    answer: so one item at a time.
    """
    items = []
    for each in found.items:
        items.append(print_json(_session(each)))
        await asyncio.sleep(0)
    rest = {
        "tariffId": found.tariff_id,
        "currency": found.currency,
        "from": body.since,
        "to": body.until,
        "sum": _sum(found.sum),
        "continuation": found.continuation,
    }
    return f'{print_json(rest)[:-1]},"items":[{",".join(items)}]}}'.encode()


def _session(item: SimulatedSession) -> dict[str, object]:
    report = item.report
    explained = {"breakdown": breakdown_document(report), "notes": report.notes} if report is not None else {}
    return {
        "transactionId": item.transaction_id,
        "owner": item.owner,
        "siteId": item.site_id,
        "timestampStart": item.started_at,
        "timestampEnd": item.ended_at,
        "consumptionKWh": item.consumption_kwh,
        "actual": _amounts(item.actual),
        "simulated": _amounts(item.simulated),
        "difference": item.difference,
        "fault": item.fault,
        **explained,
    }


def _sum(sums: SimulatedSum) -> dict[str, object]:
    return {
        "sessions": sums.sessions,
        "priced": sums.priced,
        "notPriced": sums.not_priced,
        "consumptionKWh": sums.consumption_kwh,
        "actual": _amounts(sums.actual),
        "simulated": _amounts(sums.simulated),
        "difference": sums.difference,
    }


def _amounts(amounts: Amounts | None) -> dict[str, Decimal] | None:
    if amounts is None:
        return None
    return {"exclVat": amounts.excl, "vat": amounts.vat, "inclVat": amounts.incl}
