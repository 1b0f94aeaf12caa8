"""A notice: what is sent, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.identifiers import new_id
from shared.json_documents import print_json
from shared.operators import NoticeKind, Operator

from .concerns import Concern

TEST = "test"
_DETAILS = 20
_LONGEST_DETAIL = 500
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240))
GIVEN_UP_AFTER = timedelta(days=1)

_SUMMARIES = {
    NoticeKind.OPERATOR_BLOCKED: ("Nothing is sent: the credential or the address is refused",) * 2,
    NoticeKind.OPERATOR_RELEASED: ("Lines are sent again", "Lines are sent again, after {count} times blocked"),
    NoticeKind.LINE_REJECTED: ("1 line was refused by Utility Cloud", "{count} lines were refused by Utility Cloud"),
    NoticeKind.LINE_EXHAUSTED: (
        "1 line was tried for as long as lines are tried, and given up",
        "{count} lines were tried for as long as lines are tried, and given up",
    ),
    NoticeKind.SESSION_HELD: (
        "1 session is held for more than an hour",
        "{count} sessions are held for more than an hour",
    ),
    NoticeKind.DEAD_LETTER: (
        "1 contract event could not be carried out",
        "{count} contract events could not be carried out",
    ),
    NoticeKind.SECRET_EXPIRING: ("The client secret expires soon",) * 2,
    NoticeKind.RECONCILIATION_DIFFERENCE: (
        "Reconciliation of 1 day found differences",
        "Reconciliation of {count} days found differences",
    ),
    NoticeKind.REVENUE_SHARE_MISSING: (
        "1 line went without its revenue share",
        "{count} lines went without their revenue share",
    ),
}


class NoticeState(StrEnum):
    """Where a notice stands. `given-up`: its address did not take it for a day, or wants no more."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """`notice_id` is what the receiver knows it by, and `body` what it gets, the same at every attempt."""

    notice_id: str
    gln: str
    kind: str
    body: str
    summary: str
    count: int
    created_at: datetime
    state: NoticeState = NoticeState.WAITING
    attempts: int = 0
    next_attempt_at: datetime | None = None
    last_attempt_at: datetime | None = None
    response_code: int | None = None
    detail: str | None = None

    def attempted(self, *, at: datetime, taken: bool, last: bool, response_code: int | None, detail: str) -> "Notice":
        """After another attempt. `last`: there is no other, whatever came of this one."""
        pause = _PAUSES[min(self.attempts, len(_PAUSES) - 1)]
        gone = last or at + pause > self.created_at + GIVEN_UP_AFTER
        state = NoticeState.SENT if taken else NoticeState.GIVEN_UP if gone else NoticeState.WAITING
        return replace(
            self,
            state=state,
            attempts=self.attempts + 1,
            next_attempt_at=at + pause if state is NoticeState.WAITING else None,
            last_attempt_at=at,
            response_code=response_code,
            detail=detail,
        )


def new_notice(
    *, operator: Operator, kind: NoticeKind, concerns: Sequence[Concern], at: datetime, page: str | None
) -> Notice:
    """One notice of all these, however many there are."""
    one, several = _SUMMARIES[kind]
    count = len(concerns)
    ordered = sorted(concerns, key=lambda each: (each.at, each.concern_id))
    return _notice(
        operator=operator,
        kind=kind,
        summary=(one if count == 1 else several).format(count=count),
        details=[each.text[:_LONGEST_DETAIL] for each in ordered[:_DETAILS]],
        count=count,
        first_at=ordered[0].at,
        at=at,
        page=page,
    )


def trial(*, operator: Operator, at: datetime, by: str, page: str | None) -> Notice:
    """A notice that somebody wants sent to see whether it arrives."""
    summary = f"A test: notices of {operator.name} arrive here"
    return _notice(
        operator=operator,
        kind=TEST,
        summary=summary,
        details=[f"sent by {by}"],
        count=1,
        first_at=at,
        at=at,
        page=page,
    )


def _notice(
    *,
    operator: Operator,
    kind: str,
    summary: str,
    details: list[str],
    count: int,
    first_at: datetime,
    at: datetime,
    page: str | None,
) -> Notice:
    data = {
        "gln": operator.gln,
        "kind": kind,
        "summary": summary,
        "details": details,
        "count": count,
        "firstAt": first_at,
        "link": f"{page}/integrations/{operator.gln}" if page else None,
    }
    return Notice(
        notice_id=f"notice_{new_id()}",
        gln=operator.gln,
        kind=kind,
        body=print_json({"type": kind, "timestamp": at, "data": data}),
        summary=summary,
        count=count,
        created_at=at,
        next_attempt_at=at,
    )
