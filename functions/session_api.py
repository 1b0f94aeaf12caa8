"""HTTP: sessions, and what a person is asked about them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import azure.functions as func
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import PageQuery
from functions.problems import NotFound
from functions.transaction_document import transaction_document
from shared.billing import CostedLine
from shared.operators import Listed
from shared.sessions import (
    DecisionKind,
    LineWithDelivery,
    Session,
    SessionList,
    SessionStatus,
    Start,
    Stop,
    Story,
    question_of,
    why_not,
)
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "api/v1/operators/{gln}/sessions"


class SessionState(StrEnum):
    """Where a session stands; `conflict`: another stop of the same id waits for a decision, or it is to be said whether
    the session is the same as one of another id.
    """

    CHARGING = "charging"
    SETTLED = "settled"
    HELD = "held"
    NOTHING_TO_BILL = "nothing-to-bill"
    DISCARDED = "discarded"
    CONFLICT = "conflict"


class SessionsQuery(PageQuery):
    """Which sessions; without a status those that need a person: held or in conflict."""

    status: SessionState | None = None


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class StopDocument(_Document):
    """What was said when a session stopped. Energies in Wh."""

    charger_id: str
    tag: str
    started_at: datetime
    ended_at: datetime
    energy_wh: Any
    meter_start_wh: Any
    meter_end_wh: Any
    site_id: int | None
    received_at: datetime
    swept: bool


class StartDocument(_Document):
    """What was said of a session when it started. `heldBy` is who held the tag then, as far as was known when the start
    was heard; null where nobody did, and where it was allowed for somebody.
    """

    charger_id: str
    tag: str
    started_at: datetime
    held_by: str | None


class TwinDocument(_Document):
    """A session of another id with the same charger, tag and start, and what was said of it when it stopped."""

    session_id: str
    status: str | None
    stop: StopDocument | None


class OptionDocument(_Document):
    """A decision; `refusedBecause` says why it cannot be taken and what to do instead, null if it can be."""

    decision: str
    refused_because: str | None


class QuestionDocument(_Document):
    """What a person is asked: `conflict`, `twin` or `held`. `id` is another one as soon as something else is asked."""

    kind: str
    id: str
    options: list[OptionDocument]


class SessionDocument(_Document):
    """A session: what is known of it, what it is held for, what contradicts it, what became of it. `twin` is there as
    long as nobody has decided whether both count, `question` as long as something is to be decided.
    """

    session_id: str
    transaction_id: str
    source: str
    status: str
    held_for: str | None
    held_because: str | None
    held_since: datetime | None
    try_again_at: datetime | None
    external_id: str | None
    authorized_for: str | None
    start: StartDocument | None
    stop: StopDocument | None
    conflicts: list[StopDocument]
    twin: TwinDocument | None
    question: QuestionDocument | None
    decisions: list[dict[str, Any]]
    transactions: list[dict[str, Any]]


@endpoint(
    blueprint,
    "GET",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    query=SessionsQuery,
    answers={200: Listed[SessionDocument]},
    summary="Sessions of a status, newest first; those held or in conflict if none is named",
)
async def list_sessions(call: Call) -> Answer:
    query: SessionsQuery = call.query
    found, continuation = await wiring().sessions.sessions(
        home=call.operator.home,
        listed=_list_of(query.status),
        limit=query.limit,
        continuation=query.continuation,
    )
    items = [await _with_twin(call, each) for each in found]
    return Answer(document={"items": items, "continuation": continuation})


@endpoint(
    blueprint,
    "GET",
    _ROUTE + "/{sessionId}",
    scope=Scope.OPERATOR_ADMIN,
    answers={200: SessionDocument},
    summary="A session with its lines and how far they have come",
)
async def get_session(call: Call) -> Answer:
    session_id = call.path["sessionId"]
    story = await wiring().sessions.story(home=call.operator.home, session_id=session_id)
    if story.session is None:
        raise NotFound(f"session {session_id}")
    shown = await _with_twin(call, story.session.value)
    return Answer(document={**shown, "transactions": _transactions(story)})


def _list_of(state: SessionState | None) -> SessionStatus | SessionList:
    if state is None:
        return SessionList.FOR_A_PERSON
    return SessionList.CONFLICT if state is SessionState.CONFLICT else SessionStatus(state)


async def _with_twin(call: Call, session: Session) -> dict[str, object]:
    if session.twin_of is None:
        return _session(session) | {"twin": None}
    found = (await wiring().sessions.story(home=call.operator.home, session_id=session.twin_of)).session
    twin = found.value if found else None
    shown = {
        "sessionId": session.twin_of,
        "status": twin.status if twin else None,
        "stop": _stop(twin.stop) if twin and twin.stop else None,
    }
    return _session(session) | {"twin": shown}


def _session(session: Session) -> dict[str, object]:
    return {
        "sessionId": session.session_id,
        "transactionId": session.session_id,
        "source": session.source,
        "status": session.status,
        "heldFor": session.held_for,
        "heldBecause": session.held_because,
        "heldSince": session.held_since,
        "tryAgainAt": session.try_again_at,
        "externalId": session.external_id,
        "authorizedFor": session.start.external_id if session.start else None,
        "start": _start(session.start) if session.start else None,
        "stop": _stop(session.stop) if session.stop else None,
        "conflicts": [_stop(each) for each in session.conflicts],
        "question": _question(session),
        "decisions": [
            {
                "decision": each.decision,
                "reason": each.reason,
                "decidedBy": each.decided_by,
                "decidedAt": each.decided_at,
                "externalId": each.external_id,
            }
            for each in session.decisions
        ],
    }


def _question(session: Session) -> dict[str, object] | None:
    question = question_of(session)
    if question is None:
        return None
    options = [{"decision": kind, "refusedBecause": why_not(session, kind)} for kind in DecisionKind]
    return {"kind": question.kind, "id": question.question_id, "options": options}


def _start(start: Start) -> dict[str, object]:
    return {
        "chargerId": start.charger_id,
        "tag": start.tag,
        "startedAt": start.started_at,
        "heldBy": start.held_by,
    }


def _stop(stop: Stop) -> dict[str, object]:
    return {
        "chargerId": stop.charger_id,
        "tag": stop.tag,
        "startedAt": stop.started_at,
        "endedAt": stop.ended_at,
        "energyWh": stop.energy_wh,
        "meterStartWh": stop.meter_start_wh,
        "meterEndWh": stop.meter_end_wh,
        "siteId": stop.site_id,
        "receivedAt": stop.received_at,
        "swept": stop.is_swept,
    }


def _transactions(story: Story) -> list[dict[str, object]]:
    by_id = {delivery.transaction_id: delivery for delivery in story.deliveries}
    return [
        {
            **transaction_document(LineWithDelivery(line=line, delivery=by_id[line.transaction_id])),
            "explanation": line.report.lines() if isinstance(line, CostedLine) and line.report else [],
        }
        for line in story.lines
    ]
