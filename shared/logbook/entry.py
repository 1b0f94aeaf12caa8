"""What passed between another system and us, told so that customer service can read it."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.identifiers import new_id

from .redaction import redacted

# As JSON in UTF-8. Payload and answer together must fit into one row (900 KB) with what else an entry says; a body that
# is taken at all (256 KB) fits whole, whatever JSON makes of its quotes.
MAX_TEXT_BYTES = 440_000
MAX_MESSAGE = 4_000


class Direction(StrEnum):
    """Seen from us."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One thing that passed. `payload` and `answer` are text as it came or went, secrets masked.

    `duration_ms` spans from when its handling began (for a question of the charging platform, and where the answer is
    told: the arrival of the request; for what went out: its sending) until this was known. What is written with the
    session or driver that it tells of cannot know how long that writing took: that is not in it. None: not measured.
    """

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


def milliseconds_since(started: float) -> int:
    """For `duration_ms`: how long it is since `started`, a time of `time.monotonic`."""
    return round((time.monotonic() - started) * 1000)


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
        endpoint=_writable(redacted(endpoint)),
        action=_writable(action),
        message=_writable(redacted(message))[:MAX_MESSAGE],
        response_code=response_code,
        reference_id=None if reference_id is None else _writable(reference_id),
        duration_ms=duration_ms,
        payload=_kept(payload),
        answer=_kept(answer),
    )


def _kept(text: bytes | str | None) -> str | None:
    if text is None:
        return None
    shown = _writable(redacted(text.decode(errors="replace") if isinstance(text, bytes) else text))
    if _size(shown) <= MAX_TEXT_BYTES:
        return shown
    kept = shown
    while (size := _size(kept)) > MAX_TEXT_BYTES:
        kept = kept[: min(len(kept) - 1, len(kept) * MAX_TEXT_BYTES // size)]
    return f"{kept}… ({len(shown)} characters in all)"


def _size(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


def _writable(text: str) -> str:
    """`text` without halves of surrogate pairs, which no store takes."""
    return text.encode(errors="replace").decode()
