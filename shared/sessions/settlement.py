"""Use case: a session stops and becomes a line, written with what must be delivered."""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from shared.billing import CostedLine
from shared.clock import Clock
from shared.delivery import DeliveryState, mode_of
from shared.drivers import Drivers
from shared.faults import RowConflict, StorageUnavailable
from shared.logbook import Direction, Logbook, LogEntry, log_entry, milliseconds_since
from shared.operators import Operator
from shared.telemetry import Count

from .catalogue import Catalogue
from .contradiction import CONFLICT, StopAnswer, beside_its_twin, weighed
from .judgement import Judgement, judge
from .ledger import Ledger, Story
from .session import HeldFor, Session, SessionStatus, Stop
from .twin_watch import TwinWatch
from .twins import GUARD_HOLDS
from .way_out import delivery_of

CONFLICT_LOOKED_AT_EVERY = timedelta(hours=1)
_TRIES = 8
_log = logging.getLogger(__name__)
_STANDS_AS = {SessionStatus.HELD: "session-held", SessionStatus.CONFLICT: "session-conflict"}


class Dispatch(Protocol):
    """Asks for an immediate attempt at a delivery. If it gets lost, the timer finds the delivery."""

    async def ask_for_attempt(self, *, gln: str, session_id: str, transaction_id: str) -> None:
        """Never raises: what was stored is delivered in any case."""
        ...


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """Settles sessions."""

    ledger: Ledger
    drivers: Drivers
    catalogue: Catalogue
    dispatch: Dispatch
    logbook: Logbook
    twins: TwinWatch
    clock: Clock
    count: Count
    count_line: Count

    async def take_stop(
        self, *, operator: Operator, session_id: str, stop: Stop, raw: bytes, endpoint: str
    ) -> StopAnswer:
        """Stores a stop for good and settles its session as far as it can be now.

        The same stop again is a duplicate; the same id with other content is kept beside the first, for a person to
        decide, and so is another id of what seems to be the same session. Raises StorageUnavailable.
        """
        began = time.monotonic()

        def entry(message: str) -> LogEntry:
            return log_entry(
                at=self.clock.now(),
                direction=Direction.IN,
                endpoint=endpoint,
                action="session-swept" if stop.is_swept else "session-stopped",
                message=message,
                response_code=200,
                reference_id=session_id,
                duration_ms=milliseconds_since(began),
                payload=raw,
            )

        for attempt in range(_TRIES):
            story = await self.ledger.story(home=operator.home, session_id=session_id)
            try:
                return await self._take_stop(operator, story, stop, entry, is_refused=attempt > 0)
            except RowConflict:
                await asyncio.sleep(random.uniform(0, 0.02 * attempt))  # noqa: S311  so that two do not meet again
        raise StorageUnavailable(detail=f"others keep writing to session {session_id}")

    async def settle_again(self, *, operator: Operator, session_id: str) -> SessionStatus | None:
        """Tries a held session again, and says how it stands then. Raises StorageUnavailable, RowConflict."""
        story = await self.ledger.story(home=operator.home, session_id=session_id)
        session = story.session.value if story.session else None
        if session is None or session.stop is None or session.try_again_at is None:
            return session.status if session else None
        if session.conflicts:  # which of the stops is true is for a person to say first
            later = replace(session, try_again_at=self.clock.now() + CONFLICT_LOOKED_AT_EVERY)
            await self.ledger.record(home=operator.home, before=story, session=later)
            return session.status
        if session.twin_of is not None:
            return await self._settle_without_twin(operator, story, session, session.stop)
        judgement = await self.judged(operator, story, session, session.stop)
        now_held = (judgement.session.held_for, judgement.session.held_because)
        is_news = now_held != (session.held_for, session.held_because)
        if not is_news and session.try_again_at > self.clock.now():
            return session.status  # asked before its time, and nothing has changed
        entries = (self._settled_later(judgement),) if is_news else ()
        await self._record(operator, story, judgement, entries)
        return judgement.session.status

    async def settle_held(self, *, operator: Operator, reason: HeldFor, tag: str | None = None) -> None:
        """Tries all sessions again that are held for `reason`, the longest held first. Raises StorageUnavailable."""
        async for session_id in self.ledger.held(home=operator.home, reason=reason, tag=tag):
            try:
                await self.settle_again(operator=operator, session_id=session_id)
            except RowConflict:
                continue  # somebody else is at it
            except StorageUnavailable:
                raise
            except Exception:  # noqa: BLE001  the others do not wait for what is wrong with this one
                _log.exception(
                    "session %s of operator %s cannot be settled",
                    session_id,
                    operator.gln,
                    extra={"gln": operator.gln, "reference": session_id},
                )

    async def settle_held_for_configuration(self, *, operator: Operator) -> None:
        """Tries sessions again that may wait for what an operator sets: a tariff, a site, spot prices, a charger's
        power.
        """
        for reason in (HeldFor.NO_TARIFF, HeldFor.MISSING_SPOT_PRICE, HeldFor.IMPLAUSIBLE):
            await self.settle_held(operator=operator, reason=reason)

    async def settle_held_for_tag(self, *, operator: Operator, tag: str) -> None:
        """Tries sessions again whose tag nobody held so far."""
        await self.settle_held(operator=operator, reason=HeldFor.UNKNOWN_TOKEN, tag=tag)

    async def settle_decided(
        self, *, operator: Operator, before: Story, session: Session, stop: Stop, entry: LogEntry
    ) -> SessionStatus:
        """Settles a session on which a person has decided, as far as it can be.

        Raises StorageUnavailable, RowConflict.
        """
        judgement = await self.judged(operator, before, session, stop)
        await self._record(operator, before, judgement, (entry, self._settled_later(judgement)))
        return judgement.session.status

    async def _take_stop(
        self, operator: Operator, story: Story, stop: Stop, entry: Callable[[str], LogEntry], *, is_refused: bool
    ) -> StopAnswer:
        session = story.session.value if story.session else _unheard_of(story.session_id, self.clock.now())
        if session.stop is not None:
            return await self._take_another_stop(operator, story, session, stop, entry)
        ground = await self.twins.ground(
            home=operator.home, session_id=story.session_id, stop=stop, is_refused=is_refused
        )
        if ground.twin is not None:
            return await self._take_twin(operator, story, session, stop, entry, twin=ground.twin)
        judgement = await self.judged(operator, story, session, stop)
        await self._record(operator, story, judgement, (entry(judgement.explanation),), claims=ground.is_free)
        status = judgement.session.status
        self.count(status, gln=operator.gln)
        return StopAnswer(session_id=story.session_id, status=status, held_for=judgement.session.held_for)

    async def _take_another_stop(
        self, operator: Operator, story: Story, session: Session, stop: Stop, entry: Callable[[str], LogEntry]
    ) -> StopAnswer:
        found = weighed(session, stop)
        if found.session is session:
            await self.logbook.write(home=operator.home, entry=entry(found.message))
        else:
            await self.ledger.record(
                home=operator.home, before=story, session=found.session, entries=(entry(found.message),)
            )
        self.count(found.status, gln=operator.gln)
        return StopAnswer(session_id=story.session_id, status=found.status)

    async def _take_twin(
        self,
        operator: Operator,
        story: Story,
        session: Session,
        stop: Stop,
        entry: Callable[[str], LogEntry],
        *,
        twin: str,
    ) -> StopAnswer:
        is_to_come = await self.twins.is_to_come(home=operator.home, twin=twin)
        again = self.clock.now() + GUARD_HOLDS if is_to_come else None
        kept = beside_its_twin(session, stop=stop, twin=twin, try_again_at=again)
        message = f"conflict: {_beside(twin)}; a person must decide"
        await self.ledger.record(home=operator.home, before=story, session=kept, entries=(entry(message),))
        self.count(CONFLICT, gln=operator.gln)
        return StopAnswer(session_id=story.session_id, status=CONFLICT)

    async def _settle_without_twin(
        self, operator: Operator, story: Story, session: Session, stop: Stop
    ) -> SessionStatus:
        """Settles a session whose twin was announced and never came. One that came is for a person to decide."""
        assert session.try_again_at is not None and session.twin_of is not None  # noqa: S101, PT018  the caller looked
        if session.try_again_at > self.clock.now():
            return session.status
        # Claimed first: should the twin come from now on, it meets this one.
        await self.twins.claims.add(home=operator.home, session_id=story.session_id, stop=stop)
        if not await self.twins.is_to_come(home=operator.home, twin=session.twin_of):
            waiting = replace(session, try_again_at=None)
            await self.ledger.record(home=operator.home, before=story, session=waiting)
            return waiting.status
        judgement = await self.judged(operator, story, replace(session, twin_of=None), stop)
        await self._record(operator, story, judgement, (self._settled_later(judgement),))
        return judgement.session.status

    async def judged(self, operator: Operator, story: Story, session: Session, stop: Stop) -> Judgement:
        """What the session comes to by this stop, as things are now. Writes nothing. Raises StorageUnavailable."""
        if session.twin_of is not None:
            waiting = beside_its_twin(session, stop=stop, twin=session.twin_of)
            return Judgement(session=waiting, explanation=f"conflict: {_beside(session.twin_of)}")
        return await judge(
            operator=operator,
            session=session,
            stop=stop,
            readings=story.readings,
            catalogue=self.catalogue,
            drivers=self.drivers,
            now=self.clock.now(),
        )

    async def _record(
        self,
        operator: Operator,
        story: Story,
        judgement: Judgement,
        entries: tuple[LogEntry, ...],
        *,
        claims: bool = False,
    ) -> None:
        line = judgement.line
        delivery = delivery_of(operator, line, now=self.clock.now()) if line is not None else None
        if isinstance(line, CostedLine) and line.revenue_share_missing:
            entries = (*entries, self._share_missing(line))
            self.count("revenue-share-missing", gln=operator.gln)
        await self.ledger.record(
            home=operator.home,
            before=story,
            session=judgement.session,
            line=line,
            delivery=delivery,
            comparison=judgement.comparison,
            entries=entries,
            claims=claims,
        )
        if delivery is None:
            return
        self.count_line(delivery.state, gln=operator.gln, mode=mode_of(delivery.destination))
        if delivery.state is DeliveryState.PENDING:
            await self.dispatch.ask_for_attempt(
                gln=operator.gln, session_id=story.session_id, transaction_id=delivery.transaction_id
            )

    def _settled_later(self, judgement: Judgement) -> LogEntry:
        return log_entry(
            at=self.clock.now(),
            direction=Direction.IN,
            endpoint="settlement",
            action=_STANDS_AS.get(judgement.session.status, "session-settled"),
            message=judgement.explanation,
            reference_id=judgement.session.session_id,
        )

    def _share_missing(self, line: CostedLine) -> LogEntry:
        return log_entry(
            at=self.clock.now(),
            direction=Direction.OUT,
            endpoint="settlement",
            action="revenue-share-missing",
            message=f"site {line.site_id} shares its revenue, but no revenueShareId is set: the line goes without one",
            reference_id=line.transaction_id,
        )


def _beside(twin: str) -> str:
    return f"the same charger, tag and start within two minutes as session {twin}"


def _unheard_of(session_id: str, now: datetime) -> Session:
    return Session(session_id=session_id, heard_at=now)
