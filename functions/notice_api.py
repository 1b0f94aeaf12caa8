"""Timer, and HTTP: operators are told of what needs a person."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

import azure.functions as func
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import PageQuery
from shared.faults import StorageUnavailable
from shared.json_documents import read_json
from shared.wiring import Wiring, wiring

if TYPE_CHECKING:
    from shared.notices import Notice

TIMER_WAITED_FOR_SECONDS = 30

blueprint = func.Blueprint()
_log = logging.getLogger(__name__)
_ROUTE = "api/v1/operators/{gln}/notices"


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class NoticeDocument(_Document):
    """A notice: `noticeId` is its `webhook-id`, the same at each attempt, and `body` what is sent."""

    notice_id: str
    kind: str
    summary: str
    count: int
    created_at: datetime
    state: str
    attempts: int
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    response_code: int | None
    detail: str | None
    body: dict[str, Any]


class SentNotices(_Document):
    """Newest first. `silencedAt`: since then nothing is sent, because the address answered 410; another address or a
    test that is taken ends that.
    """

    items: list[NoticeDocument]
    continuation: str | None
    silenced_at: datetime | None


class TriedNotice(_Document):
    """Whether the address took it, and what it answered."""

    notice_id: str
    taken: bool
    response_code: int | None
    detail: str


@blueprint.function_name("send_notices")
@blueprint.timer_trigger(arg_name="timer", schedule="45 * * * * *", run_on_startup=False, use_monitor=False)
async def send_notices(timer: func.TimerRequest) -> None:
    """What needs a person is told, and what did not arrive is sent again."""
    services = wiring()
    await services.background.at_most(_send_alone(services), seconds=TIMER_WAITED_FOR_SECONDS, name="sending notices")


@endpoint(
    blueprint,
    "GET",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    query=PageQuery,
    answers={200: SentNotices},
    summary="What was told lately and how it went, newest first; kept for 90 days",
)
async def list_notices(call: Call) -> Answer:
    store = wiring().notice_rows
    page = await store.listed(gln=call.gln, limit=call.query.limit, continuation=call.query.continuation)
    silenced = (await store.kept(gln=call.gln)).silenced
    notices = call.operator.notices
    holds = silenced is not None and notices is not None and silenced.url == notices.url
    return Answer(
        document={
            "items": [_shown(each) for each in page.items],
            "continuation": page.continuation,
            "silencedAt": silenced.at if silenced and holds else None,
        }
    )


@endpoint(
    blueprint,
    "POST",
    _ROUTE + "/test",
    scope=Scope.OPERATOR_ADMIN,
    answers={200: TriedNotice},
    summary="Send a test notice now, once, and say what the address answered",
)
async def try_notices(call: Call) -> Answer:
    by = f"{call.caller.label} ({call.caller.key_id})"
    notice, sent = await wiring().notices.test(call.operator, by=by)
    return Answer(
        document={
            "noticeId": notice.notice_id,
            "taken": sent.is_taken,
            "responseCode": sent.status,
            "detail": sent.detail,
        }
    )


async def _send_alone(services: Wiring) -> None:
    try:
        async with services.leases.held("send_notices") as is_ours:
            if is_ours:
                await services.notices.run()
    except StorageUnavailable as error:
        _log.warning("notices wait for the next run: %s", error)


def _shown(notice: "Notice") -> dict[str, Any]:
    return {
        "noticeId": notice.notice_id,
        "kind": notice.kind,
        "summary": notice.summary,
        "count": notice.count,
        "createdAt": notice.created_at,
        "state": notice.state,
        "attempts": notice.attempts,
        "lastAttemptAt": notice.last_attempt_at,
        "nextAttemptAt": notice.next_attempt_at,
        "responseCode": notice.response_code,
        "detail": notice.detail,
        "body": read_json(notice.body),
    }
