"""HTTP: contract events that the broker gave up: seen with what is wrong, run again, discarded."""

from typing import TYPE_CHECKING, Any, Literal

import azure.functions as func
from pydantic import BaseModel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import PageQuery
from functions.problems import NotFound
from shared.json_documents import NotJson, parse_json
from shared.operators import Listed
from shared.wiring import wiring

if TYPE_CHECKING:
    from shared.contracts import Action, Judged

blueprint = func.Blueprint()
_OF_AN_OPERATOR = "api/v1/operators/{gln}/dead-letters"
_OF_ALL = "api/v1/dead-letters"
_MOST_DIGITS = 19


class DeadLetterItem(BaseModel):
    """A message in the dead-letter queue.

    `sequenceNumber` is a text: the broker's numbers go beyond what JavaScript counts exactly. `reason` is the broker's;
    `fault` is what the checks say now, the field and what is wrong with it, null if the event would pass now, which
    `passing` says too. `body` is JSON where it is JSON, else text.
    """

    sequenceNumber: str  # noqa: N815  the name on the wire
    messageId: str  # noqa: N815  as above
    enqueuedAt: str  # noqa: N815  as above
    reason: str | None
    fault: str | None
    passing: bool
    body: Any


class ReprocessAnswer(BaseModel):
    """What became of it. `fault` says why it is still failing."""

    status: Literal["processed", "still-failing"]
    fault: str | None


@endpoint(
    blueprint,
    "GET",
    _OF_AN_OPERATOR,
    scope=Scope.OPERATOR_ADMIN,
    query=PageQuery,
    answers={200: Listed[DeadLetterItem]},
    summary="Contract events that name this operator and were given up, newest first, with what is wrong with them now",
)
async def list_dead_letters(call: Call) -> Answer:
    return await _page(call.query, gln=call.gln)


@endpoint(
    blueprint,
    "POST",
    _OF_AN_OPERATOR + "/{sequenceNumber}/reprocess",
    scope=Scope.OPERATOR_ADMIN,
    answers={200: ReprocessAnswer},
    summary="Run a given-up contract event again; it goes when it passes",
)
async def reprocess_dead_letter(call: Call) -> Answer:
    return await _reprocessed(_action(call, gln=call.gln, route=_OF_AN_OPERATOR))


@endpoint(
    blueprint,
    "DELETE",
    _OF_AN_OPERATOR + "/{sequenceNumber}",
    scope=Scope.OPERATOR_ADMIN,
    answers={204: None},
    summary="Discard a given-up contract event; the log keeps it",
)
async def discard_dead_letter(call: Call) -> Answer:
    return await _discarded(_action(call, gln=call.gln, route=_OF_AN_OPERATOR))


@endpoint(
    blueprint,
    "GET",
    _OF_ALL,
    scope=Scope.PLATFORM_ADMIN,
    query=PageQuery,
    answers={200: Listed[DeadLetterItem]},
    summary="All contract events that were given up, also those that name no operator, newest first",
)
async def list_all_dead_letters(call: Call) -> Answer:
    return await _page(call.query, gln=None)


@endpoint(
    blueprint,
    "POST",
    _OF_ALL + "/{sequenceNumber}/reprocess",
    scope=Scope.PLATFORM_ADMIN,
    answers={200: ReprocessAnswer},
    summary="Run any given-up contract event again; it goes when it passes",
)
async def reprocess_any_dead_letter(call: Call) -> Answer:
    return await _reprocessed(_action(call, gln=None, route=_OF_ALL))


@endpoint(
    blueprint,
    "DELETE",
    _OF_ALL + "/{sequenceNumber}",
    scope=Scope.PLATFORM_ADMIN,
    answers={204: None},
    summary="Discard any given-up contract event; the log keeps it",
)
async def discard_any_dead_letter(call: Call) -> Answer:
    return await _discarded(_action(call, gln=None, route=_OF_ALL))


async def _page(query: PageQuery, *, gln: str | None) -> Answer:
    found, continuation = await wiring().dead_letter_desk.page(
        gln=gln, limit=query.limit, continuation=query.continuation
    )
    return Answer(document={"items": [_shown(each) for each in found], "continuation": continuation})


async def _reprocessed(action: "Action") -> Answer:
    fault = await wiring().dead_letter_desk.reprocess(action)
    return Answer(document={"status": "processed" if fault is None else "still-failing", "fault": fault})


async def _discarded(action: "Action") -> Answer:
    await wiring().dead_letter_desk.discard(action)
    return Answer(status=204)


def _action(call: Call, *, gln: str | None, route: str) -> "Action":
    from shared.contracts import Action

    text = call.path["sequenceNumber"]
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text) < 2**63):
        raise NotFound("such dead letter")
    return Action(number=int(text), gln=gln, by=call.caller, endpoint=route)


def _shown(judged: "Judged") -> dict[str, object]:
    envelope = judged.letter.envelope
    return {
        "sequenceNumber": str(envelope.sequence_number),
        "messageId": envelope.message_id,
        "enqueuedAt": envelope.enqueued_at,
        "reason": judged.letter.reason,
        "fault": judged.fault,
        "passing": judged.fault is None,
        "body": _as_json(envelope.body),
    }


def _as_json(body: bytes) -> Any:
    try:
        return parse_json(body)
    except NotJson:
        return body.decode(errors="replace")
