"""HTTP: the log."""

from typing import Annotated, Any

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import PageQuery, QueryInstant
from functions.problems import NotFound
from shared.identifiers import OperatorHome, has_the_form_of_a_gln
from shared.json_documents import NotJson, parse_json
from shared.logbook import Direction, LogEntry, LogQuery, find_entries
from shared.operators import Listed
from shared.wiring import wiring

blueprint = func.Blueprint()


class LogsQuery(PageQuery):
    """Which entries: from `from` on and before `to`; `text` may stand anywhere in them."""

    since: QueryInstant | None = Field(default=None, alias="from")
    until: QueryInstant | None = Field(default=None, alias="to")
    direction: Direction | None = None
    action: Annotated[str, Field(max_length=100)] | None = None
    responseCode: int | None = None  # noqa: N815  the name on the wire
    referenceId: Annotated[str, Field(min_length=1, max_length=100)] | None = None  # noqa: N815  as above
    text: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class LogEntryDocument(BaseModel):
    """An entry. `payload` (a GET's: its query) and `answer` are JSON where they were JSON, else text; secrets masked.

    `durationMs` spans from when its handling began until the entry was made: of what is written together with what it
    tells of, that writing is not in it. Null: not measured.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)

    id: str
    at: str
    direction: str
    endpoint: str
    action: str
    response_code: int | None
    reference_id: str | None
    duration_ms: int | None
    message: str
    payload: Any
    answer: Any


@endpoint(
    blueprint,
    "GET",
    "api/v1/operators/{gln}/logs",
    scope=Scope.OPERATOR_ADMIN,
    query=LogsQuery,
    answers={200: Listed[LogEntryDocument]},
    summary="What passed, newest first; also what named a GLN that is not set up, for the platform's administrators",
    operator_may_be_missing=True,
)
async def list_logs(call: Call) -> Answer:
    from shared.contracts import home_without_operator

    if call.known_operator is not None:
        return await _found(call.known_operator.home, call.query)
    if not has_the_form_of_a_gln(call.gln):
        raise NotFound(f"operator {call.gln}")
    return await _found(home_without_operator(call.gln), call.query)


@endpoint(
    blueprint,
    "GET",
    "api/v1/logs",
    scope=Scope.PLATFORM_ADMIN,
    query=LogsQuery,
    answers={200: Listed[LogEntryDocument]},
    summary="What named no operator that is set up here, newest first",
)
async def list_unowned_logs(call: Call) -> Answer:
    from shared.contracts import home_without_operator

    return await _found(home_without_operator(None), call.query)


async def _found(home: OperatorHome, query: LogsQuery) -> Answer:
    wanted = LogQuery(
        since=query.since,
        until=query.until,
        direction=query.direction,
        action=query.action,
        response_code=query.responseCode,
        reference_id=query.referenceId,
        text=query.text,
    )
    entries, continuation = await find_entries(
        logbook=wiring().logbook, home=home, query=wanted, limit=query.limit, continuation=query.continuation
    )
    return Answer(document={"items": [_shown(entry) for entry in entries], "continuation": continuation})


def _shown(entry: LogEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "at": entry.at,
        "direction": entry.direction,
        "endpoint": entry.endpoint,
        "action": entry.action,
        "responseCode": entry.response_code,
        "referenceId": entry.reference_id,
        "durationMs": entry.duration_ms,
        "message": entry.message,
        "payload": _as_json(entry.payload),
        "answer": _as_json(entry.answer),
    }


def _as_json(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return parse_json(text.encode())
    except NotJson:
        return text
