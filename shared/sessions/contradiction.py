"""Pure: what another stop of a session that has stopped already is: the same again, or one that contradicts it."""

from dataclasses import dataclass, replace
from datetime import datetime

from .session import HeldFor, Session, SessionStatus, Stop
from .twins import says_the_same

DUPLICATE = "duplicate"
CONFLICT = "conflict"
_MAX_CONFLICTS = 20


@dataclass(frozen=True, kw_only=True)
class StopAnswer:
    """What became of a stop: `status` is settled, held, nothing-to-bill, duplicate or conflict."""

    session_id: str
    status: str
    held_for: HeldFor | None = None


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """What another stop is, in words too, and the session with it; `session` is the very same if nothing is new."""

    status: str
    message: str
    session: Session


def weighed(session: Session, stop: Stop) -> Contradiction:
    """`stop` beside those that are known of the session, which has stopped."""
    assert session.stop is not None  # noqa: S101  the caller looked
    if says_the_same(stop, session.stop) or session.was_decided(stop):
        return Contradiction(
            status=DUPLICATE, message="duplicate: this stop is known, nothing changed", session=session
        )
    if any(says_the_same(stop, known) for known in session.conflicts):
        message = "conflict: this other stop is known and waits for a decision"
        return Contradiction(status=CONFLICT, message=message, session=session)
    if len(session.conflicts) >= _MAX_CONFLICTS:
        message = "conflict: one too many to be kept beside the first; see this entry"
        return Contradiction(status=CONFLICT, message=message, session=session)
    return Contradiction(
        status=CONFLICT,
        message="conflict: this session was reported before with other content; a person must decide",
        session=replace(session, conflicts=(*session.conflicts, stop)),
    )


def beside_its_twin(
    session: Session,
    *,
    stop: Stop,
    twin: str,
    status: SessionStatus = SessionStatus.CONFLICT,
    try_again_at: datetime | None = None,
) -> Session:
    """The session as one of which a person must say whether it is the same as `twin`."""
    return replace(
        session,
        stop=stop,
        status=status,
        twin_of=twin,
        held_for=None,
        held_because=None,
        try_again_at=try_again_at,
    )
