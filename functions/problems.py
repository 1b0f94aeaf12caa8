"""Which error becomes which answer: one table, RFC 9457 problem details."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from functions.authentication import NotAuthenticated
from shared.delivery import NotToBeTried
from shared.faults import ContinuationUnreadable, RowConflict, StorageUnavailable
from shared.json_documents import DocumentRefused, FieldFault, NotJson
from shared.operators import (
    KeyEnded,
    KeyIssuedAlready,
    KeyRotatedAlready,
    RequestIdTaken,
    ScopeMissing,
    SecretUnavailable,
    StaleDocument,
    TooManyRequests,
)
from shared.sessions import DriverUnknown, NothingToDecide, NothingToSimulate, SessionUnknown, SimulationRunning
from shared.settings import SettingsFaulty

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:utility-cloud-connector:problem:"
_RETRY_AFTER_SECONDS = "5"


class NotFound(Exception):
    """There is no such thing, or not for this caller. `what` is named in the answer: never more than the path says."""

    def __init__(self, what: str) -> None:
        super().__init__(f"there is no {what}")
        self.what = what


class BodyTooLarge(Exception):
    """A body beyond what is read. `limit` in bytes."""

    def __init__(self, *, limit: int) -> None:
        super().__init__(f"a body may have {limit} bytes")
        self.limit = limit


@dataclass(frozen=True, kw_only=True)
class Problem:
    """An answer that tells what went wrong. `kind` is the last part of its type."""

    status: int
    kind: str
    title: str
    detail: str | None = None
    faults: Sequence[FieldFault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_document(self) -> dict[str, Any]:
        """The members of RFC 9457, and `errors` where fields are at fault."""
        document: dict[str, Any] = {"type": _TYPE + self.kind, "title": self.title, "status": self.status}
        if self.detail is not None:
            document["detail"] = self.detail
        if self.faults:
            document["errors"] = [{"field": fault.field, "message": fault.message} for fault in self.faults]
        return document


def _says(status: int, kind: str, title: str, **headers: str) -> Callable[[Any], Problem]:
    """A problem whose detail is what the exception says."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda error: Problem(status=status, kind=kind, title=title, detail=str(error), headers=sent)


def _refused(error: DocumentRefused) -> Problem:
    detail = "one field is at fault" if len(error.faults) == 1 else f"{len(error.faults)} fields are at fault"
    return Problem(status=422, kind="invalid", title="Not what this takes", detail=detail, faults=error.faults)


def _away(error: StorageUnavailable) -> Problem:
    logger.warning("answered 503: %s", error)
    return Problem(
        status=503,
        kind="storage-unavailable",
        title="Storage is not available",
        detail="Nothing is known of the outcome; the same request can be sent again.",
        headers={"Retry-After": _RETRY_AFTER_SECONDS},
    )


@cache
def _table() -> Mapping[type[Exception], Callable[[Any], Problem]]:
    """Made with the first error: a cold start does not wait for rooms that it does not need."""
    from shared.charging_platform import NotSetUp, PlatformRefused, PlatformUnavailable
    from shared.contracts import DeadLetterHeld, DeadLetterUnknown
    from shared.corrections import CorrectionRefused, CreditRefused, NotInForce, TransactionUnknown
    from shared.notices import NoNoticesAddress
    from shared.reconciliation import DayNotBegun
    from shared.retention import NobodyToErase, NotToBeErasedYet

    return {
        NotJson: _says(400, "not-json", "Not JSON"),
        NotAuthenticated: _says(401, "not-authenticated", "Not authenticated", WWW_Authenticate="Bearer"),
        ScopeMissing: _says(403, "scope-missing", "The key does not allow this"),
        NotFound: _says(404, "not-found", "Not found"),
        KeyEnded: _says(409, "key-ended", "The key has ended"),
        KeyIssuedAlready: _says(409, "key-issued-already", "The key was issued already"),
        RequestIdTaken: _says(422, "request-id-taken", "The Idempotency-Key is that of another request"),
        KeyRotatedAlready: _says(409, "key-rotated-already", "The key was rotated already"),
        RowConflict: lambda error: Problem(
            status=409,
            kind="changed-meanwhile",
            title="Changed by somebody else at the same time",
            detail="The same request can be sent again.",
        ),
        NotToBeTried: _says(409, "not-to-be-tried", "Not to be sent again"),
        NotSetUp: _says(409, "not-set-up", "Not set up"),
        NoNoticesAddress: _says(409, "not-set-up", "Not set up"),
        PlatformRefused: _says(502, "platform-refused", "The charging platform refuses"),
        PlatformUnavailable: _says(
            502, "platform-unavailable", "The charging platform has no answer", Retry_After="60"
        ),
        NothingToDecide: _says(409, "nothing-to-decide", "Nothing to decide"),
        DeadLetterUnknown: _says(404, "not-found", "Not found"),
        DeadLetterHeld: _says(409, "dead-letter-held", "In other hands just now", Retry_After="5"),
        TransactionUnknown: _says(404, "not-found", "Not found"),
        NotInForce: _says(409, "not-in-force", "Not the line in force"),
        CreditRefused: _says(409, "not-to-be-credited", "Not to be credited"),
        CorrectionRefused: _says(409, "not-to-be-corrected", "Not to be corrected like this"),
        NobodyToErase: _says(404, "not-found", "Not found"),
        NotToBeErasedYet: _says(409, "not-to-be-erased-yet", "Not to be erased yet"),
        DayNotBegun: lambda error: _refused(DocumentRefused(FieldFault(field="date", message=str(error)))),
        SessionUnknown: _says(404, "not-found", "Not found"),
        NothingToSimulate: _says(404, "not-found", "Not found"),
        SimulationRunning: _says(
            429, "simulation-running", "Another simulation runs", Retry_After=_RETRY_AFTER_SECONDS
        ),
        DriverUnknown: lambda error: _refused(DocumentRefused(FieldFault(field="externalId", message=str(error)))),
        SecretUnavailable: _says(503, "secret-unavailable", "The secret cannot be kept or read", Retry_After="5"),
        StaleDocument: _says(412, "stale", "Not what If-Match or If-None-Match allows"),
        BodyTooLarge: _says(413, "body-too-large", "The body is too large"),
        DocumentRefused: _refused,
        ContinuationUnreadable: lambda error: _refused(
            DocumentRefused(FieldFault(field="continuation", message=str(error)))
        ),
        TooManyRequests: lambda error: Problem(
            status=429,
            kind="too-many-requests",
            title="Too many requests",
            detail=str(error),
            headers={"Retry-After": str(error.retry_after)},
        ),
        StorageUnavailable: _away,
        SettingsFaulty: _says(503, "settings-faulty", "The settings are faulty", Retry_After="60"),
    }


def problem_of(error: Exception) -> Problem:
    """The problem that answers `error`. One that the table does not know is our fault: logged whole, answered bare."""
    table = _table()
    for kind in type(error).__mro__:
        if kind in table:
            return table[kind](error)
    logger.error("a request failed for a reason that nobody foresaw", exc_info=error)
    return Problem(status=500, kind="internal", title="Something went wrong here")
