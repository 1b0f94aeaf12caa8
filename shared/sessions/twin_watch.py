"""Whether a session that stops is one that is known under another id."""

from dataclasses import dataclass

from shared.clock import Clock
from shared.identifiers import OperatorHome
from shared.logbook import Direction, log_entry
from shared.operators import Operator

from .contradiction import beside_its_twin
from .ledger import Ledger
from .session import SessionStatus, Stop
from .twins import Claims, KnownSession


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where a stop would put its claim: whether nobody has claimed there yet, and the twin that has."""

    is_free: bool = True
    twin: str | None = None


@dataclass(frozen=True, kw_only=True)
class TwinWatch:
    """Sees twins, strictly where one of the two was swept. Everything raises StorageUnavailable.

    Of two that were notified neither is looked for when they come, which would cost each session a look into every
    partition: the sweep finds them in its lists, and `mark` puts them before a person.
    """

    ledger: Ledger
    claims: Claims
    clock: Clock

    async def ground(self, *, home: OperatorHome, session_id: str, stop: Stop, is_refused: bool) -> Ground:
        """Looks before the commit. A notified stop only looks if a commit that claims was refused before."""
        if stop.is_swept:
            twin = await self.claims.guard(home=home, session_id=session_id, stop=stop)
            return Ground(is_free=False, twin=twin.session_id if twin else None)
        if not is_refused:
            return Ground()
        claims = await self.claims.near(home=home, session_id=session_id, stop=stop)
        twins = (claim.session_id for claim in claims if claim.is_guard and claim.is_twin_of(session_id, stop))
        return Ground(is_free=not claims, twin=next(twins, None))

    async def is_to_come(self, *, home: OperatorHome, twin: str) -> bool:
        """Whether a session that was seen as a twin has not been taken in: it is on its way, or will never be."""
        session = (await self.ledger.story(home=home, session_id=twin)).session
        return session is None or session.value.stop is None

    async def mark(self, *, operator: Operator, earlier: KnownSession, later: KnownSession) -> bool:
        """Puts two sessions that both were, or may be, billed before a person, at the later one; False if that has
        changed meanwhile. One that is held cannot settle any more before it is decided. Raises RowConflict.
        """
        story = await self.ledger.story(home=operator.home, session_id=later.session_id)
        session = story.session.value if story.session else None
        if session is None or session.stop is None or session.status is not later.status or session.twin_of:
            return False
        if session.status is SessionStatus.HELD:
            marked = beside_its_twin(session, stop=session.stop, twin=earlier.session_id)
            what = "it waits for a decision before it can become a line"
        else:
            marked = beside_its_twin(session, stop=session.stop, twin=earlier.session_id, status=session.status)
            what = "both have become lines, and a person must say whether one is too many"
        entry = log_entry(
            at=self.clock.now(),
            direction=Direction.IN,
            endpoint="settlement",
            action="session-twin-found",
            message=f"the same charger, tag and start within two minutes as session {earlier.session_id}: {what}",
            reference_id=later.session_id,
        )
        await self.ledger.record(home=operator.home, before=story, session=marked, entries=(entry,))
        return True
