"""Use case: a person decides what becomes of a held or conflicting session."""

from dataclasses import dataclass

from shared.clock import Clock
from shared.drivers import Drivers
from shared.logbook import Direction, LogEntry, log_entry
from shared.operators import Operator

from .judgement import Judgement
from .ledger import Ledger, Story
from .session import SessionStatus
from .settlement import Settlement
from .verdict import Decided, DecisionKind, Verdict, decided


class SessionUnknown(Exception):
    """There is no session of this id, or none that has stopped."""

    def __init__(self, *, session_id: str) -> None:
        super().__init__(f"there is no stopped session {session_id}")
        self.session_id = session_id


class DriverUnknown(Exception):
    """A session cannot be assigned to a driver that was never activated."""

    def __init__(self, *, external_id: str) -> None:
        super().__init__(f"there is no driver {external_id}")
        self.external_id = external_id


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
        story, after = await self._decided(operator, session_id, verdict)
        entry = self._entry(session_id, verdict)
        if after.stop is not None:
            return await self.settlement.settle_decided(
                operator=operator, before=story, session=after.session, stop=after.stop, entry=entry
            )
        await self.ledger.record(home=operator.home, before=story, session=after.session, entries=(entry,))
        return after.session.status

    async def foreseen(self, *, operator: Operator, session_id: str, verdict: Verdict) -> Judgement:
        """What the decision would come to if it were taken now. Writes nothing; raises as `resolve` does."""
        story, after = await self._decided(operator, session_id, verdict)
        if after.stop is not None:
            return await self.settlement.judged(operator, story, after.session, after.stop)
        return Judgement(session=after.session, explanation=f"it is {after.session.status}, nothing is written")

    async def _decided(self, operator: Operator, session_id: str, verdict: Verdict) -> tuple[Story, Decided]:
        story = await self.ledger.story(home=operator.home, session_id=session_id)
        session = story.session.value if story.session else None
        if session is None or session.stop is None:
            raise SessionUnknown(session_id=session_id)
        after = decided(session, verdict, now=self.clock.now())
        if verdict.kind is DecisionKind.ASSIGN:
            external_id = verdict.external_id or ""
            driver = await self.drivers.driver(home=operator.home, external_id=external_id)
            if driver is None or not driver.value.was_ever_activated:
                raise DriverUnknown(external_id=external_id)
        return story, after

    def _entry(self, session_id: str, verdict: Verdict) -> LogEntry:
        whom = f" to {verdict.external_id}" if verdict.kind is DecisionKind.ASSIGN else ""
        return log_entry(
            at=self.clock.now(),
            direction=Direction.IN,
            endpoint="operator",
            action="session-resolved",
            message=f"{verdict.decided_by} decided: {verdict.kind}{whom}, because {verdict.reason}",
            reference_id=session_id,
        )
