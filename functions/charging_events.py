"""HTTP: the charging platform tells us of sessions, and asks about tags."""

import time
from typing import Any

import azure.functions as func
from pydantic import BaseModel, RootModel

from functions.http_endpoint import Answer, Call, Observation, Scope, endpoint
from shared.drivers import Permission, Refusal, Verdict, authorize
from shared.json_documents import DocumentRefused, FieldFault, NotJson, parse_json
from shared.logbook import Direction, log_entry
from shared.sessions import (
    AuthorizationQuestion,
    ChargerState,
    Measurements,
    Message,
    MessageRefused,
    SessionStarted,
    SessionStopped,
    Start,
    Stop,
    read_message,
)
from shared.telemetry import AUTHORIZATION_DURATION, record, span
from shared.wiring import wiring

blueprint = func.Blueprint()
ROUTE = "api/v1/charging-events"
_REFUSED = {400, 422}


class ChargingEvent(RootModel[dict[str, Any]]):
    """Any message of the platform's Push API; they are told apart by their shape."""


class ChargingEventAnswer(BaseModel):
    """`status` for a start, measurements, state and boot is `accepted`; the rest is said of a stop."""

    transactionId: str | None = None  # noqa: N815  the platform's spelling
    status: str
    heldFor: str | None = None  # noqa: N815  as above


async def keep_refused(observation: Observation) -> None:
    """Keeps what was refused from a known caller, raw, so that it can be read and sent again."""
    if observation.status not in _REFUSED or observation.call is None or observation.call.known_operator is None:
        return
    services = wiring()
    services.counts.of("charging-events")("refused")
    entry = log_entry(
        at=services.clock.now(),
        direction=Direction.IN,
        endpoint=ROUTE,
        action="charging-event-refused",
        message=f"refused, send it again once it is mended: {_why(observation.answer)}",
        response_code=observation.status,
        reference_id=_session_named_in(observation.raw_body),
        duration_ms=round(observation.duration.total_seconds() * 1000),
        payload=observation.raw_body,
        answer=observation.answer,
    )
    await services.logbook.write(home=observation.call.operator.home, entry=entry)


def _why(answer: bytes) -> str:
    """What a problem says of itself, field by field where fields are at fault."""
    problem = parse_json(answer)
    assert isinstance(problem, dict)  # noqa: S101  it is our own
    faults = [f"{fault['field']}: {fault['message']}" for fault in problem.get("errors", ())]
    return "; ".join(faults) or str(problem.get("detail", problem["title"]))


def _session_named_in(raw: bytes) -> str | None:
    """The session that a refused message is about, as far as it can be told."""
    try:
        document = parse_json(raw)
    except NotJson:
        return None
    named = document.get("transactionId") if isinstance(document, dict) else None
    return str(named)[:64] if isinstance(named, str | int) and not isinstance(named, bool) else None


@endpoint(
    blueprint,
    "POST",
    ROUTE,
    scope=Scope.CHARGING_PLATFORM,
    body=ChargingEvent,
    answers={200: ChargingEventAnswer},
    summary="Take in a message of the charging platform; 200 means that it is stored",
    observe=keep_refused,
)
async def charging_event(call: Call, body: ChargingEvent) -> Answer:
    """One message. A question is answered as the platform expects it."""
    message = _read(body.root)
    if isinstance(message, AuthorizationQuestion):
        return await _answer(call, message)
    await _learn(call, message)
    services = wiring()
    match message:
        case SessionStopped():
            with span(
                "session-stop",
                gln=call.gln,
                reference=message.session_id,
                parent=call.traceparent,
                since=call.arrived_at,
            ) as told:
                said = await services.settlement.take_stop(
                    operator=call.operator,
                    session_id=message.session_id,
                    stop=_stop(call, message),
                    raw=call.raw_body,
                    endpoint=ROUTE,
                )
                told.tell(outcome=said.status)
            return Answer(document={"transactionId": said.session_id, "status": said.status, "heldFor": said.held_for})
        case SessionStarted():
            await services.intake.take_start(
                operator=call.operator,
                session_id=message.session_id,
                start=_start(message),
                raw=call.raw_body,
                endpoint=ROUTE,
            )
        case Measurements():
            await services.intake.take_readings(
                operator=call.operator, session_id=message.session_id, readings=message.readings()
            )
        case ChargerState():
            pass  # all that matters of it was learned above
    return Answer(document={"status": "accepted"})


def _read(document: dict[str, Any]) -> Message:
    try:
        message = read_message(document)
        if isinstance(message, Measurements):
            message.readings()
    except MessageRefused as refused:
        raise DocumentRefused(*(FieldFault(field=field, message=fault) for field, fault in refused.faults)) from refused
    return message


async def _learn(call: Call, message: SessionStarted | SessionStopped | Measurements | ChargerState) -> None:
    learned_at = message if isinstance(message, SessionStarted | SessionStopped | ChargerState) else None
    await wiring().learning.learn_charger(
        gln=call.gln,
        charger_id=message.charger_id,
        site_id=learned_at.site_id if learned_at else None,
        external_site_id=learned_at.external_site_id if learned_at else None,
    )


async def _answer(call: Call, question: AuthorizationQuestion) -> Answer:
    services, outcome = wiring(), "failed"
    try:
        with span("authorization", gln=call.gln, parent=call.traceparent, since=call.arrived_at) as told:
            verdict = await authorize(
                operator=call.operator,
                places=services.directory,
                drivers=services.drivers,
                charger_id=question.charger_id,
                tag=question.tag,
                now=call.received_at,
            )
            outcome = str(verdict.refusal or "allowed")
            told.tell(outcome=outcome)
    finally:  # who got no answer waited too
        seconds = None if call.arrived_at is None else max(0, time.time_ns() - call.arrived_at) / 1e9
        if seconds is not None:
            record(AUTHORIZATION_DURATION, seconds, outcome=outcome)
    services.background.start(_note(call, question, verdict, seconds), name="noting down an authorization")
    document: dict[str, object] = {"charging_allowed": verdict.allowed, "rfid_tag_type": ""}
    if verdict.refusal is not None:
        document["reason"] = verdict.refusal
    return Answer(document=document)


async def _note(call: Call, question: AuthorizationQuestion, verdict: Verdict, seconds: float | None) -> None:
    """Written after the answer, known after so many `seconds`: the driver at the charger does not wait for it."""
    services, home = wiring(), call.operator.home
    if verdict.external_id is not None and verdict.allowed:
        permission = Permission(external_id=verdict.external_id, at=call.received_at)
        await services.drivers.remember(
            home=home, charger_id=question.charger_id, tag=question.tag, permission=permission
        )
        return
    reference = None if verdict.refusal is Refusal.UNKNOWN_CHARGER else (verdict.external_id or question.tag)
    entry = log_entry(
        at=call.received_at,
        direction=Direction.IN,
        endpoint=ROUTE,
        action="authorization-refused",
        message=f"{verdict.refusal}: {verdict.explanation}",
        response_code=200,
        reference_id=reference,
        duration_ms=None if seconds is None else round(seconds * 1000),
        payload=call.raw_body,
    )
    await services.logbook.write(home=home, entry=entry)


def _stop(call: Call, message: SessionStopped) -> Stop:
    return Stop(
        charger_id=message.charger_id,
        tag=message.tag,
        started_at=message.started_at,
        ended_at=message.ended_at,
        energy_wh=message.energy_wh,
        meter_start_wh=message.meter_start_wh,
        meter_end_wh=message.meter_end_wh,
        site_id=message.site_id,
        received_at=call.received_at,
    )


def _start(message: SessionStarted) -> Start:
    return Start(
        charger_id=message.charger_id,
        tag=message.tag,
        started_at=message.started_at,
        meter_start_wh=message.meter_start_wh,
        site_id=message.site_id,
    )
