"""Use case: a person decides what becomes of a held or conflicting session."""

from dataclasses import dataclass, replace
from enum import StrEnum

from shared.clock import Clock
from shared.drivers import Drivers
from shared.logbook import Direction, LogEntry, log_entry
from shared.operators import Operator

from .ledger import Ledger, Story
from .session import Decision, HeldFor, Session, SessionStatus
from .settlement import Settlement


class DecisionKind(StrEnum):
    """What can be decided: whose session it is, that it is right as it stands, that it is to be forgotten."""

    ASSIGN = "assign"
    ACCEPT = "accept"
    DISCARD = "discard"


class SessionUnknown(Exception):
    """There is no session of this id, or none that has stopped."""

    def __init__(self, *, session_id: str) -> None:
        super().__init__(f"there is no stopped session {session_id}")
        self.session_id = session_id


class NothingToDecide(Exception):
    """The session is not in a state in which this can be decided. Says why, and what to do instead."""

    def __init__(self, *, session_id: str, why: str) -> None:
        super().__init__(f"session {session_id}: {why}")
        self.session_id = session_id


class DriverUnknown(Exception):
    """A session cannot be assigned to a driver that was never activated."""

    def __init__(self, *, external_id: str) -> None:
        super().__init__(f"there is no driver {external_id}")
        self.external_id = external_id


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a person says, why, and who it is."""

    kind: DecisionKind
    reason: str
    decided_by: str
    external_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """Carries out people's decisions. Each goes to the log with its reason and who took it."""

    ledger: Ledger
    drivers: Drivers
    settlement: Settlement
    clock: Clock

    async def resolve(self, *, operator: Operator, session_id: str, verdict: Verdict) -> SessionStatus:
        """Decides on the oldest conflict of the session, or if it has none on whether it is the same as its twin, or on
        what it is held for.

        Raises SessionUnknown, NothingToDecide, DriverUnknown, StorageUnavailable, RowConflict.
        """
        story = await self.ledger.story(home=operator.home, session_id=session_id)
        session = story.session.value if story.session else None
        if session is None or session.stop is None:
            raise SessionUnknown(session_id=session_id)
        if session.conflicts and verdict.kind is not DecisionKind.ASSIGN:
            return await self._resolve_conflict(operator, story, session, verdict)
        if session.twin_of is not None:
            return await self._resolve_twin(operator, story, session, verdict)
        if session.status is not SessionStatus.HELD:
            raise NothingToDecide(session_id=session_id, why=f"it is {session.status} and has no conflict")
        return await self._resolve_hold(operator, story, session, verdict)

    async def _resolve_hold(
        self, operator: Operator, story: Story, session: Session, verdict: Verdict
    ) -> SessionStatus:
        assert session.stop is not None  # noqa: S101  the caller looked
        decided = self._with_decision(session, verdict, fingerprint=None)
        entry = self._entry(session, verdict)
        match verdict.kind:
            case DecisionKind.DISCARD:
                gone = replace(
                    decided, status=SessionStatus.DISCARDED, held_for=None, held_because=None, try_again_at=None
                )
                await self.ledger.record(home=operator.home, before=story, session=gone, entries=(entry,))
                return gone.status
            case DecisionKind.ASSIGN:
                external_id = verdict.external_id or ""
                driver = await self.drivers.driver(home=operator.home, external_id=external_id)
                if driver is None or not driver.value.was_ever_activated:
                    raise DriverUnknown(external_id=external_id)
                decided = replace(decided, external_id=external_id)
            case DecisionKind.ACCEPT:
                self._check_acceptable(session)
                decided = replace(decided, accepted=True)
        return await self.settlement.settle_decided(
            operator=operator, before=story, session=decided, stop=session.stop, entry=entry
        )

    def _check_acceptable(self, session: Session) -> None:
        stop = session.stop
        if session.held_for is not HeldFor.IMPLAUSIBLE:
            why = f"it is held for {session.held_for}, which accepting does not mend: {session.held_because}"
            raise NothingToDecide(session_id=session.session_id, why=why)
        if stop is not None and not stop.can_be_billed:
            why = f"{session.held_because}: it can be discarded, but never billed"
            raise NothingToDecide(session_id=session.session_id, why=why)

    async def _resolve_conflict(
        self, operator: Operator, story: Story, session: Session, verdict: Verdict
    ) -> SessionStatus:
        assert session.stop is not None  # noqa: S101  the caller looked
        conflict, *others = session.conflicts
        # Whichever of the two is not believed: should it be reported again, that is decided.
        disbelieved = conflict if verdict.kind is DecisionKind.DISCARD else session.stop
        decided = self._with_decision(session, verdict, fingerprint=disbelieved.fingerprint)
        decided = replace(decided, conflicts=tuple(others))
        entry = self._entry(session, verdict)
        if verdict.kind is DecisionKind.DISCARD:
            if decided.status is SessionStatus.HELD:  # it waited for this too
                return await self.settlement.settle_decided(
                    operator=operator, before=story, session=decided, stop=session.stop, entry=entry
                )
            await self.ledger.record(home=operator.home, before=story, session=decided, entries=(entry,))
            return decided.status
        if session.status is SessionStatus.SETTLED:
            why = (
                "it has become a line already: correct the line to what the other stop says, then discard the conflict"
            )
            raise NothingToDecide(session_id=session.session_id, why=why)
        # What was accepted before was said of the other stop.
        believed = replace(decided, accepted=False)
        return await self.settlement.settle_decided(
            operator=operator, before=story, session=believed, stop=conflict, entry=entry
        )

    async def _resolve_twin(
        self, operator: Operator, story: Story, session: Session, verdict: Verdict
    ) -> SessionStatus:
        """Accepted, it is a session of its own beside its twin, and settles; discarded, it was the same."""
        assert session.stop is not None  # noqa: S101  the caller looked
        if verdict.kind is DecisionKind.ASSIGN:
            why = f"it may be the same as session {session.twin_of}: accept or discard it first"
            raise NothingToDecide(session_id=session.session_id, why=why)
        is_line = session.status is SessionStatus.SETTLED
        if is_line and verdict.kind is DecisionKind.DISCARD:
            why = "it has become a line already: if that is one too many, credit it, then accept what is written"
            raise NothingToDecide(session_id=session.session_id, why=why)
        decided = self._with_decision(session, verdict, fingerprint=None)
        decided = replace(decided, twin_of=None, try_again_at=None)
        entry = self._entry(session, verdict)
        if verdict.kind is DecisionKind.ACCEPT and not is_line:
            return await self.settlement.settle_decided(
                operator=operator, before=story, session=decided, stop=session.stop, entry=entry
            )
        if not is_line:
            decided = replace(decided, status=SessionStatus.DISCARDED)
        await self.ledger.record(home=operator.home, before=story, session=decided, entries=(entry,))
        return decided.status

    def _with_decision(self, session: Session, verdict: Verdict, *, fingerprint: str | None) -> Session:
        decision = Decision(
            decision=verdict.kind,
            reason=verdict.reason,
            decided_by=verdict.decided_by,
            decided_at=self.clock.now(),
            external_id=verdict.external_id,
            fingerprint=fingerprint,
            # A decision on a conflict of its own says nothing of its twin.
            twin_of=session.twin_of if fingerprint is None else None,
        )
        return replace(session, decisions=(*session.decisions, decision))

    def _entry(self, session: Session, verdict: Verdict) -> LogEntry:
        whom = f" to {verdict.external_id}" if verdict.kind is DecisionKind.ASSIGN else ""
        return log_entry(
            at=self.clock.now(),
            direction=Direction.IN,
            endpoint="operator",
            action="session-resolved",
            message=f"{verdict.decided_by} decided: {verdict.kind}{whom}, because {verdict.reason}",
            reference_id=session.session_id,
        )
