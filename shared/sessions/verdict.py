"""Pure: what a person is asked about a session, what can be decided, and what the session is then."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from .session import Decision, HeldFor, Session, SessionStatus, Stop

_CORRECT_FIRST = "it has become a line already: correct the line to what the other stop says, then discard the conflict"
_CREDIT_FIRST = "it has become a line already: if that is one too many, credit it, then accept what is written"


class DecisionKind(StrEnum):
    """What can be decided: whose session it is, that it is right as it stands, that it is to be forgotten."""

    ASSIGN = "assign"
    ACCEPT = "accept"
    DISCARD = "discard"


class QuestionKind(StrEnum):
    """What is asked: which of two stops is right, whether two sessions are one, what becomes of one that is held."""

    CONFLICT = "conflict"
    TWIN = "twin"
    HELD = "held"


class NothingToDecide(Exception):
    """The session is not in a state in which this can be decided. Says why, and what to do instead."""

    def __init__(self, *, session_id: str, why: str) -> None:
        super().__init__(f"session {session_id}: {why}")
        self.session_id = session_id


@dataclass(frozen=True, kw_only=True)
class Question:
    """`question_id` is another one as soon as something else is asked, or somebody has decided."""

    kind: QuestionKind
    question_id: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a person says, why, and who it is. `question_id`: which question the person saw, if that is known."""

    kind: DecisionKind
    reason: str
    decided_by: str
    external_id: str | None = None
    question_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The session after a decision. By `stop` it can settle now; None: it stands as it is."""

    session: Session
    stop: Stop | None = None


def question_of(session: Session) -> Question | None:
    """What a person is asked now: of several conflicts the oldest, then the twin, then what it is held for."""
    if session.stop is None:
        return None
    if session.conflicts:
        kind, about = QuestionKind.CONFLICT, session.conflicts[0].fingerprint
    elif session.twin_of is not None:
        kind, about = QuestionKind.TWIN, session.twin_of
    elif session.status is SessionStatus.HELD:
        kind, about = QuestionKind.HELD, str(session.held_for)
    else:
        return None
    told = "\n".join((kind, session.stop.fingerprint, about, str(len(session.decisions))))
    return Question(kind=kind, question_id=hashlib.sha256(told.encode()).hexdigest()[:16])


def why_not(session: Session, kind: DecisionKind) -> str | None:
    """Why this cannot be decided, and what to do instead; None if it can be."""
    if session.conflicts and kind is not DecisionKind.ASSIGN:
        return _CORRECT_FIRST if _is_line(session) and kind is DecisionKind.ACCEPT else None
    if session.twin_of is not None:
        if kind is DecisionKind.ASSIGN:
            return f"it may be the same as session {session.twin_of}: accept or discard it first"
        return _CREDIT_FIRST if _is_line(session) and kind is DecisionKind.DISCARD else None
    if session.status is not SessionStatus.HELD:
        rest = ", and only what is held can be assigned" if session.conflicts else " and has no conflict"
        return f"it is {session.status}{rest}"
    return _why_not_acceptable(session) if kind is DecisionKind.ACCEPT else None


def decided(session: Session, verdict: Verdict, *, now: datetime) -> Decided:
    """The session, which has stopped, as the verdict makes it. Raises NothingToDecide."""
    why = why_not(session, verdict.kind)
    if why is None and verdict.question_id is not None:
        question = question_of(session)
        if question is None or question.question_id != verdict.question_id:
            why = "something else is asked of it since you looked: look at it again"
    if why is not None:
        raise NothingToDecide(session_id=session.session_id, why=why)
    if session.conflicts and verdict.kind is not DecisionKind.ASSIGN:
        return _of_conflict(session, verdict, now)
    if session.twin_of is not None:
        return _of_twin(session, verdict, now)
    return _of_hold(session, verdict, now)


def _is_line(session: Session) -> bool:
    return session.status is SessionStatus.SETTLED


def _why_not_acceptable(session: Session) -> str | None:
    if session.held_for is not HeldFor.IMPLAUSIBLE:
        return f"it is held for {session.held_for}, which accepting does not mend: {session.held_because}"
    if session.stop is not None and not session.stop.can_be_billed:
        return f"{session.held_because}: it can be discarded, but never billed"
    return None


def _of_hold(session: Session, verdict: Verdict, now: datetime) -> Decided:
    after = _with_decision(session, verdict, now, fingerprint=None)
    match verdict.kind:
        case DecisionKind.DISCARD:
            return Decided(session=_discarded(after))
        case DecisionKind.ASSIGN:
            return Decided(session=replace(after, external_id=verdict.external_id), stop=session.stop)
        case DecisionKind.ACCEPT:
            return Decided(session=replace(after, accepted=True), stop=session.stop)


def _of_conflict(session: Session, verdict: Verdict, now: datetime) -> Decided:
    assert session.stop is not None  # noqa: S101  the caller looked
    conflict, *others = session.conflicts
    # Whichever of the two is not believed: should it be reported again, that is decided.
    disbelieved = conflict if verdict.kind is DecisionKind.DISCARD else session.stop
    after = _with_decision(session, verdict, now, fingerprint=disbelieved.fingerprint)
    after = replace(after, conflicts=tuple(others))
    if verdict.kind is DecisionKind.DISCARD:
        waited_for_this = after.status is SessionStatus.HELD
        return Decided(session=after, stop=session.stop if waited_for_this else None)
    # What was accepted before was said of the other stop.
    return Decided(session=replace(after, accepted=False), stop=conflict)


def _of_twin(session: Session, verdict: Verdict, now: datetime) -> Decided:
    """Accepted, it is a session of its own beside its twin, and settles; discarded, it was the same."""
    after = _with_decision(session, verdict, now, fingerprint=None)
    after = replace(after, twin_of=None, try_again_at=None)
    if _is_line(session):
        return Decided(session=after)
    if verdict.kind is DecisionKind.ACCEPT:
        return Decided(session=after, stop=session.stop)
    return Decided(session=replace(after, status=SessionStatus.DISCARDED))


def _discarded(session: Session) -> Session:
    return replace(session, status=SessionStatus.DISCARDED, held_for=None, held_because=None, try_again_at=None)


def _with_decision(session: Session, verdict: Verdict, now: datetime, *, fingerprint: str | None) -> Session:
    decision = Decision(
        decision=verdict.kind,
        reason=verdict.reason,
        decided_by=verdict.decided_by,
        decided_at=now,
        external_id=verdict.external_id,
        fingerprint=fingerprint,
        # A decision on a conflict of its own says nothing of its twin.
        twin_of=session.twin_of if fingerprint is None else None,
    )
    return replace(session, decisions=(*session.decisions, decision))
