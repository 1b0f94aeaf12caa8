"""Use case: a session starts, and is measured."""

import time
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.clock import Clock
from shared.drivers import Drivers, Permissions, holder_of
from shared.faults import RowConflict, StorageUnavailable
from shared.logbook import Direction, log_entry, milliseconds_since
from shared.operators import Operator
from shared.telemetry import Count

from .ledger import Ledger, Story
from .session import Reading, Session, Start

PERMISSION_HOLDS = timedelta(minutes=3)
CLOCKS_DIFFER = timedelta(minutes=2)
_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Takes in what is said of a session before it stops."""

    ledger: Ledger
    drivers: Drivers
    permissions: Permissions
    clock: Clock
    count: Count

    async def take_start(self, *, operator: Operator, session_id: str, start: Start, raw: bytes, endpoint: str) -> None:
        """Stores a start, with whom it was authorized for, else with who holds its tag. A start that comes again, or
        after its stop, changes nothing that was settled. Raises StorageUnavailable.
        """
        began = time.monotonic()
        start = await self._with_whom(operator, start)
        entry = log_entry(
            at=self.clock.now(),
            direction=Direction.IN,
            endpoint=endpoint,
            action="session-started",
            message=f"charging on tag {start.tag}, for {start.external_id or start.held_by or 'nobody known'}",
            response_code=200,
            reference_id=session_id,
            payload=raw,
        )
        story = Story(session_id=session_id)  # nearly always a start is the first that is heard
        for _ in range(_TRIES):
            known = story.session.value if story.session else Session(session_id=session_id, heard_at=entry.at)
            session = known if known.start is not None else replace(known, start=start)
            timed = replace(entry, duration_ms=milliseconds_since(began))
            try:
                await self.ledger.record(home=operator.home, before=story, session=session, entries=(timed,))
            except RowConflict:
                story = await self.ledger.story(home=operator.home, session_id=session_id)
            else:
                self.count("started", gln=operator.gln)
                return
        raise StorageUnavailable(detail=f"others keep writing to session {session_id}")

    async def take_readings(self, *, operator: Operator, session_id: str, readings: tuple[Reading, ...]) -> None:
        """Stores readings of a session, known or not. After its line they change nothing. Raises StorageUnavailable."""
        if readings:
            await self.ledger.add_readings(home=operator.home, session_id=session_id, readings=readings)
        self.count("measured", gln=operator.gln)

    async def _with_whom(self, operator: Operator, start: Start) -> Start:
        permission = await self.permissions.permission(home=operator.home, charger_id=start.charger_id, tag=start.tag)
        if permission is not None:
            age = start.started_at - permission.at
            if -CLOCKS_DIFFER <= age <= PERMISSION_HOLDS:
                return replace(start, external_id=permission.external_id)
        holder = await holder_of(drivers=self.drivers, home=operator.home, tag=start.tag, at=start.started_at)
        return replace(start, held_by=holder.external_id) if holder else start
