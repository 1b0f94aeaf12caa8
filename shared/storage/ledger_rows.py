"""How a session and what became of it are written as rows of one partition.

Below `story|{session}` lies all that belongs to one session, so that one range reads it. Everything else is an index:
a small row whose text names the session (and the line), kept in the same commit as what it points at.
"""

import json
from dataclasses import dataclass
from typing import Annotated

from pydantic import Discriminator, TypeAdapter

from shared.billing import Line
from shared.delivery import Attempt, Delivery
from shared.drivers import normalised
from shared.sessions import HeldFor, Reading, Session, SessionList, SessionStatus

from .newest_first import newest_first_part, oldest_first_part
from .rows import Change, Delete, Upsert, key_of

SESSION: TypeAdapter[Session] = TypeAdapter(Session)
LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Discriminator("kind")])
DELIVERY: TypeAdapter[Delivery] = TypeAdapter(Delivery)
ATTEMPT: TypeAdapter[Attempt] = TypeAdapter(Attempt)
READINGS: TypeAdapter[tuple[Reading, ...]] = TypeAdapter(tuple[Reading, ...])


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
    session_id, transaction_id = json.loads(text)
    return Pointer(session_id=session_id, transaction_id=transaction_id)


def session_key(session_id: str) -> str:
    """The session's own row."""
    return key_of("story", session_id, "session")


def delivery_key(session_id: str, transaction_id: str) -> str:
    """A delivery's row."""
    return key_of("story", session_id, "delivery", transaction_id)


def attempt_key(session_id: str, attempt: Attempt) -> str:
    """An attempt's row."""
    return key_of("story", session_id, "attempt", attempt.transaction_id, f"{attempt.number:06d}")


def line_changes(line: Line) -> list[Change]:
    """A new line and its places in the lists."""
    pointer = Pointer(session_id=line.session_id, transaction_id=line.transaction_id).as_text()
    ended = newest_first_part(line.ended_at)
    return [
        Upsert(
            key=key_of("story", line.session_id, "line", line.transaction_id),
            text=LINE.dump_json(line).decode(),
        ),
        Upsert(key=key_of("line-by-end", ended, line.transaction_id), text=pointer),
        Upsert(key=key_of("line-by-owner", line.owner, ended, line.transaction_id), text=pointer),
    ]


def session_index_changes(before: Session | None, after: Session) -> list[Change]:
    """Takes the session out of the lists in which it no longer belongs and puts it into those in which it does."""
    return _moved(_session_index(before) if before else {}, _session_index(after))


def delivery_index_changes(before: Delivery | None, after: Delivery) -> list[Change]:
    """The same for a delivery."""
    return _moved(_delivery_index(before) if before else {}, _delivery_index(after))


def held_index(reason: HeldFor, tag: str | None) -> tuple[str, ...]:
    """The index of sessions held for a reason; those for an unknown token are kept by their tag."""
    if reason is HeldFor.UNKNOWN_TOKEN and tag is not None:
        return ("held", reason, normalised(tag))
    return ("held", reason)


def _session_index(session: Session) -> dict[str, str]:
    pointer = Pointer(session_id=session.session_id).as_text()
    heard = newest_first_part(session.heard_at)
    keys = [key_of("session-by-status", session.status, heard, session.session_id)]
    if session.conflicts:
        keys.append(key_of("session-by-status", SessionList.CONFLICT, heard, session.session_id))
    if session.conflicts or session.status is SessionStatus.HELD:
        keys.append(key_of("session-by-status", SessionList.FOR_A_PERSON, heard, session.session_id))
    if session.status is SessionStatus.HELD and session.held_for is not None and session.held_since is not None:
        tag = session.stop.tag if session.stop else None
        since = oldest_first_part(session.held_since)
        keys.append(key_of(*held_index(session.held_for, tag), since, session.session_id))
    if session.try_again_at is not None:
        keys.append(key_of("due", oldest_first_part(session.try_again_at), session.session_id))
    return dict.fromkeys(keys, pointer)


def _delivery_index(delivery: Delivery) -> dict[str, str]:
    pointer = Pointer(session_id=delivery.session_id, transaction_id=delivery.transaction_id).as_text()
    created = newest_first_part(delivery.created_at)
    keys = [key_of("delivery-by-state", delivery.state, created, delivery.transaction_id)]
    if delivery.due_at is not None:
        keys.append(key_of("due", oldest_first_part(delivery.due_at), delivery.session_id, delivery.transaction_id))
    return dict.fromkeys(keys, pointer)


def _moved(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    gone: list[Change] = [Delete(key=key) for key in before if key not in after]
    return gone + [Upsert(key=key, text=text) for key, text in after.items() if key not in before]
