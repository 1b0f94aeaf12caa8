"""What passed between another system and us, told so that customer service can read it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.identifiers import new_id

from .redaction import redacted

MAX_TEXT = 200_000


class Direction(StrEnum):
    """Seen from us."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One thing that passed. `payload` and `answer` are text as it came or went, secrets masked."""

    id: str
    at: datetime
    direction: Direction
    endpoint: str
    action: str
    message: str
    response_code: int | None = None
    reference_id: str | None = None
    duration_ms: int | None = None
    payload: str | None = None
    answer: str | None = None


def log_entry(
    *,
    at: datetime,
    direction: Direction,
    endpoint: str,
    action: str,
    message: str,
    response_code: int | None = None,
    reference_id: str | None = None,
    duration_ms: int | None = None,
    payload: bytes | str | None = None,
    answer: bytes | str | None = None,
    entry_id: str | None = None,
) -> LogEntry:
    """An entry with its secrets masked and its texts bounded. With an `entry_id` and the same `at`, it replaces the
    entry that was written under them before.
    """
    return LogEntry(
        id=entry_id or new_id(),
        at=at,
        direction=direction,
        endpoint=endpoint,
        action=action,
        message=message,
        response_code=response_code,
        reference_id=reference_id,
        duration_ms=duration_ms,
        payload=_kept(payload),
        answer=_kept(answer),
    )


def _kept(text: bytes | str | None) -> str | None:
    if text is None:
        return None
    shown = redacted(text.decode(errors="replace") if isinstance(text, bytes) else text)
    return shown if len(shown) <= MAX_TEXT else f"{shown[:MAX_TEXT]}… ({len(shown)} characters in all)"
