"""How a session and what became of it are written as rows of one partition.

Below `story|{session}` lies all that belongs to one session, so that one range reads it. Everything else is an index:
a small row whose text names the session (and the line), kept in the same commit as what it points at.
"""

import json
from dataclasses import dataclass
from typing import Annotated

from pydantic import Discriminator

from shared.billing import CostedLine, Line
from shared.delivery import Attempt, Delivery, DeliveryState
from shared.drivers import normalised
from shared.sessions import Comparison, HeldFor, KnownSession, Reading, Session, SessionList, SessionStatus

from .adapter import Adapter
from .long_text import packed, unpacked
from .newest_first import newest_first_part, oldest_first_part
from .rows import Change, Delete, Upsert, key_of

SESSION: Adapter[Session] = Adapter(Session)
_LINE: Adapter[Line] = Adapter(Annotated[Line, Discriminator("kind")])
DELIVERY: Adapter[Delivery] = Adapter(Delivery)
ATTEMPT: Adapter[Attempt] = Adapter(Attempt)
_COMPARISON: Adapter[Comparison] = Adapter(Comparison)
READINGS: Adapter[tuple[Reading, ...]] = Adapter(tuple[Reading, ...])
_KNOWN: Adapter[tuple[KnownSession]] = Adapter(tuple[KnownSession])

BLOCKED = "delivery-blocked"
SHARE_MISSING = "share-missing"
COMPARISON_BY_END = "comparison-by-end"
SESSION_BY_END = "session-by-end"


@dataclass(frozen=True, kw_only=True)
class Pointer:
    """What an index row points at; without a transaction id, at the session."""

    session_id: str
    transaction_id: str | None = None

    def as_text(self) -> str:
        """As it is stored."""
        return json.dumps([self.session_id, self.transaction_id])


def pointer_of(text: str) -> Pointer:
    """What `Pointer.as_text` stored."""
    session_id, transaction_id, *_ = json.loads(text)
    return Pointer(session_id=session_id, transaction_id=transaction_id)


def session_key(session_id: str) -> str:
    """The session's own row."""
    return key_of("story", session_id, "session")


def known_session_of(text: str) -> KnownSession | None:
    """What the list of sessions by their end says of one; None if it was written before that said anything."""
    _, _, *more = json.loads(text)
    return _KNOWN.validate_python(more)[0] if more else None


def delivery_key(session_id: str, transaction_id: str) -> str:
    """A delivery's row."""
    return key_of("story", session_id, "delivery", transaction_id)


def attempt_key(session_id: str, attempt: Attempt) -> str:
    """An attempt's row."""
    return key_of("story", session_id, "attempt", attempt.transaction_id, f"{attempt.number:06d}")


def line_text(line: Line) -> str:
    """A line as it is stored, with its report."""
    return packed(_LINE.dump_json(line).decode())


def line_of(text: str) -> Line:
    """What `line_text` stored."""
    return _LINE.validate_json(unpacked(text))


def line_changes(line: Line) -> list[Change]:
    """A new line and its places in the lists."""
    return [
        Upsert(
            key=key_of("story", line.session_id, "line", line.transaction_id),
            text=line_text(line),
        ),
        *(Upsert(key=key, text=text) for key, text in _line_index(line).items()),
    ]


def comparison_key(session_id: str) -> str:
    """A rehearsed comparison's row."""
    return key_of("story", session_id, "comparison")


def comparison_of(text: str) -> Comparison:
    """What `comparison_changes` stored."""
    return _COMPARISON.validate_json(unpacked(text))


def comparison_changes(before: Comparison | None, after: Comparison) -> list[Change]:
    """A comparison in the place of the one before it, and its place in the list."""
    own = Upsert(key=comparison_key(after.session_id), text=packed(_COMPARISON.dump_json(after).decode()))
    return [own, *_moved(_comparison_index(before) if before else {}, _comparison_index(after))]


def share_missing_key(line: Line) -> str | None:
    """The index row of a line that went without its revenue share's id; it goes when something follows the line."""
    if not isinstance(line, CostedLine) or not line.revenue_share_missing:
        return None
    return key_of(SHARE_MISSING, newest_first_part(line.ended_at), line.transaction_id)


def session_index_changes(before: Session | None, after: Session) -> list[Change]:
    """Takes the session out of the lists in which it no longer belongs and puts it into those in which it does."""
    return _moved(_session_index(before) if before else {}, _session_index(after))


def delivery_index_changes(before: Delivery | None, after: Delivery) -> list[Change]:
    """The same for a delivery."""
    return _moved(_delivery_index(before) if before else {}, _delivery_index(after))


def row_key_of(value: Session | Line | Delivery | Comparison) -> str:
    """The key of its own row."""
    match value:
        case Session():
            return session_key(value.session_id)
        case Delivery():
            return delivery_key(value.session_id, value.transaction_id)
        case Comparison():
            return comparison_key(value.session_id)
        case _:
            return key_of("story", value.session_id, "line", value.transaction_id)


def index_of(value: Session | Line | Delivery | Comparison) -> frozenset[str]:
    """The keys of all index rows that point at a session, a line or a delivery: they go when it goes."""
    match value:
        case Session():
            return frozenset(_session_index(value))
        case Delivery():
            return frozenset(_delivery_index(value))
        case Comparison():
            return frozenset(_comparison_index(value))
        case _:
            return frozenset(_line_index(value))


def held_index(reason: HeldFor, tag: str | None) -> tuple[str, ...]:
    """The index of sessions held for a reason; those for an unknown token are kept by their tag."""
    if reason is HeldFor.UNKNOWN_TOKEN and tag is not None:
        return ("held", reason, normalised(tag))
    return ("held", reason)


def _line_index(line: Line) -> dict[str, str]:
    pointer = Pointer(session_id=line.session_id, transaction_id=line.transaction_id).as_text()
    ended = newest_first_part(line.ended_at)
    keys = [
        key_of("line-by-end", ended, line.transaction_id),
        key_of("line-by-owner", line.owner, ended, line.transaction_id),
    ]
    if (missing := share_missing_key(line)) is not None:
        keys.append(missing)
    return dict.fromkeys(keys, pointer)


def _comparison_index(comparison: Comparison) -> dict[str, str]:
    pointer = Pointer(session_id=comparison.session_id).as_text()
    return {key_of(COMPARISON_BY_END, newest_first_part(comparison.ended_at), comparison.session_id): pointer}


def _session_index(session: Session) -> dict[str, str]:
    pointer = Pointer(session_id=session.session_id).as_text()
    heard = newest_first_part(session.heard_at)
    keys = [key_of("session-by-status", session.status, heard, session.session_id)]
    if session.conflicts or session.twin_of is not None:
        keys.append(key_of("session-by-status", SessionList.CONFLICT, heard, session.session_id))
    if session.conflicts or session.twin_of is not None or session.status is SessionStatus.HELD:
        keys.append(key_of("session-by-status", SessionList.FOR_A_PERSON, heard, session.session_id))
    if session.status is SessionStatus.HELD and session.held_for is not None and session.held_since is not None:
        tag = session.stop.tag if session.stop else None
        since = oldest_first_part(session.held_since)
        keys.append(key_of(*held_index(session.held_for, tag), since, session.session_id))
    if session.try_again_at is not None:
        keys.append(key_of("due", oldest_first_part(session.try_again_at), session.session_id))
    return dict.fromkeys(keys, pointer) | _session_by_end(session)


def _session_by_end(session: Session) -> dict[str, str]:
    known = KnownSession.of(session)
    if known is None:
        return {}
    key = key_of(SESSION_BY_END, newest_first_part(known.said[0].ended_at), session.session_id)
    # A pointer like others, and what spares the sweep reading what it points at.
    return {key: json.dumps([session.session_id, None, *_KNOWN.dump_python((known,), mode="json")])}


def _delivery_index(delivery: Delivery) -> dict[str, str]:
    pointer = Pointer(session_id=delivery.session_id, transaction_id=delivery.transaction_id).as_text()
    created = newest_first_part(delivery.created_at)
    keys = [key_of("delivery-by-state", delivery.state, created, delivery.transaction_id)]
    if delivery.state is DeliveryState.BLOCKED:
        keys.append(key_of(BLOCKED, oldest_first_part(delivery.created_at), delivery.transaction_id))
    if delivery.due_at is not None:
        keys.append(key_of("due", oldest_first_part(delivery.due_at), delivery.session_id, delivery.transaction_id))
    return dict.fromkeys(keys, pointer)


def _moved(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    gone: list[Change] = [Delete(key=key) for key in before if key not in after]
    return gone + [Upsert(key=key, text=text) for key, text in after.items() if before.get(key) != text]
