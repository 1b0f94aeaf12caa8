"""HTTP: what a person decides on a session, and what that would come to."""

from datetime import datetime
from typing import Annotated

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import Query
from shared.billing import CostedLine, Line
from shared.json_documents import Number
from shared.sessions import DecisionKind, Verdict
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "api/v1/operators/{gln}/sessions/{sessionId}"

ExternalId = Annotated[str, Field(min_length=1, max_length=64)]


class ForeseenQuery(Query):
    """Which decision; `externalId` says whose the session is, if it is to be assigned."""

    decision: DecisionKind
    externalId: ExternalId | None = None  # noqa: N815  the name on the wire

    @model_validator(mode="after")
    def _names_whom(self) -> "ForeseenQuery":
        _check_whom(self.decision, self.externalId)
        return self


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class DecisionDocument(_Document):
    """`assign` says whose session it is, `accept` that it is right as it stands, `discard` that it is none.

    With the `questionId` that the session had when it was looked at, nothing is decided if something else is asked now.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", defer_build=True)

    decision: DecisionKind
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    external_id: ExternalId | None = None
    question_id: Annotated[str, Field(max_length=64)] | None = None

    @model_validator(mode="after")
    def _names_whom(self) -> "DecisionDocument":
        _check_whom(self.decision, self.external_id)
        return self


class ResolvedDocument(_Document):
    """How the session stands after the decision."""

    session_id: str
    status: str


class ForeseenLine(_Document):
    """The line that would be written; amounts are null where none are written."""

    transaction_owner_id: str
    site_id: int
    timestamp_start: datetime
    timestamp_end: datetime
    full_consumption_kwh: Number = Field(alias="fullConsumptionKWh")
    currency: str | None
    total_cost_excl_vat: Number | None
    total_vat: Number | None
    total_cost_incl_vat: Number | None


class ForeseenDocument(_Document):
    """How the session would stand after the decision. `line` is null where none would be written."""

    session_id: str
    status: str
    held_for: str | None
    held_because: str | None
    explanation: str
    line: ForeseenLine | None


@endpoint(
    blueprint,
    "GET",
    _ROUTE + "/foreseen",
    scope=Scope.OPERATOR_ADMIN,
    query=ForeseenQuery,
    answers={200: ForeseenDocument},
    summary="What a decision on a session would come to now; changes nothing",
)
async def foresee_decision(call: Call) -> Answer:
    session_id, query = call.path["sessionId"], call.query
    verdict = Verdict(kind=query.decision, reason="", decided_by="", external_id=query.externalId)
    found = await wiring().resolution.foreseen(operator=call.operator, session_id=session_id, verdict=verdict)
    document = {
        "sessionId": session_id,
        "status": found.session.status,
        "heldFor": found.session.held_for,
        "heldBecause": found.session.held_because,
        "explanation": found.explanation,
        "line": _line(found.line) if found.line else None,
    }
    return Answer(document=document)


@endpoint(
    blueprint,
    "POST",
    _ROUTE + "/resolve",
    scope=Scope.OPERATOR_ADMIN,
    body=DecisionDocument,
    answers={200: ResolvedDocument},
    summary="Decide what becomes of a held or conflicting session",
)
async def resolve_session(call: Call, body: DecisionDocument) -> Answer:
    session_id = call.path["sessionId"]
    verdict = Verdict(
        kind=body.decision,
        reason=body.reason,
        decided_by=f"{call.caller.label or 'key'} ({call.caller.key_id})",
        external_id=body.external_id,
        question_id=body.question_id,
    )
    status = await wiring().resolution.resolve(operator=call.operator, session_id=session_id, verdict=verdict)
    return Answer(document={"sessionId": session_id, "status": status})


def _check_whom(decision: DecisionKind, external_id: str | None) -> None:
    if (external_id is not None) != (decision is DecisionKind.ASSIGN):
        raise ValueError("externalId is needed to assign a session, and for nothing else")


def _line(line: Line) -> dict[str, object]:
    costed = line if isinstance(line, CostedLine) else None
    return {
        "transactionOwnerId": line.owner,
        "siteId": line.site_id,
        "timestampStart": line.started_at,
        "timestampEnd": line.ended_at,
        "fullConsumptionKWh": line.consumption_kwh,
        "currency": costed.currency if costed else None,
        "totalCostExclVat": costed.total_excl_vat if costed else None,
        "totalVat": costed.total_vat if costed else None,
        "totalCostInclVat": costed.total_incl_vat if costed else None,
    }
