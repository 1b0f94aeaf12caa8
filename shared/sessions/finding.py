"""Use case: what a name stands for: a session, a line, an accounting point, a tag, a charger."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.all_of import all_of
from shared.billing import Line
from shared.drivers import Driver, Drivers, normalised
from shared.faults import Stored
from shared.identifiers import OperatorHome, root_of
from shared.operators import Charger

from .ledger import Ledger
from .session import HeldFor, Session

MOST_WAITING = 20


class Chargers(Protocol):
    """Where chargers are looked up. Raises StorageUnavailable."""

    async def find(self, *, gln: str, charger_id: str) -> Stored[Charger] | None:
        """One point read."""
        ...


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a name stands for: a `session`, or a `line` of one; `drivers` whose accounting point it is, or who have or
    had it as a tag; a `charger`. `waiting` are sessions held because nobody had that tag, at most 20.
    """

    session: Session | None = None
    line: Line | None = None
    drivers: tuple[Driver, ...] = ()
    charger: Charger | None = None
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Looks a name up wherever it can stand, all at once: point reads and the range of one session; and where it may be
    a tag that nobody holds, the sessions that wait for one.
    """

    ledger: Ledger
    drivers: Drivers
    chargers: Chargers

    async def find(self, *, home: OperatorHome, name: str, now: datetime) -> Known:
        """Tags are found in any case, chargers in capitals too, else as it is written. Raises StorageUnavailable."""
        stories, owner, holders, charger = await asyncio.gather(
            all_of(self.ledger.story(home=home, session_id=each) for each in dict.fromkeys((name, root_of(name)))),
            self.drivers.driver(home=home, external_id=name),
            self._holders(home, name),
            self._charger(home, name),
        )
        session = stories[0].session
        lines = [line for story in stories for line in story.lines]
        line = next((line for line in lines if line.transaction_id == name), None)
        drivers = [*((owner.value,) if owner and owner.value.was_ever_activated else ()), *holders]
        is_no_free_tag = session or line or charger or any(_has(driver, name, now) for driver in drivers)
        return Known(
            session=session.value if session else None,
            line=line,
            drivers=tuple({driver.external_id: driver for driver in drivers}.values()),
            charger=charger,
            waiting=() if is_no_free_tag else await self._waiting(home, name),
        )

    async def _holders(self, home: OperatorHome, name: str) -> list[Driver]:
        claims = await self.drivers.claims(home=home, tag=normalised(name))
        found = await all_of(
            self.drivers.driver(home=home, external_id=claim.external_id)
            for claim in (claims.value.claims if claims else ())
        )
        return [each.value for each in found if each is not None and each.value.ever_held(tag=name)]

    async def _charger(self, home: OperatorHome, name: str) -> Charger | None:
        found = await all_of(
            self.chargers.find(gln=home.gln, charger_id=each) for each in dict.fromkeys((name, name.upper()))
        )
        return next((each.value for each in found if each is not None), None)

    async def _waiting(self, home: OperatorHome, name: str) -> tuple[str, ...]:
        found: list[str] = []
        async for session_id in self.ledger.held(home=home, reason=HeldFor.UNKNOWN_TOKEN, tag=name):
            found.append(session_id)
            if len(found) == MOST_WAITING:
                break
        return tuple(found)


def _has(driver: Driver, name: str, now: datetime) -> bool:
    """Whether it is the driver's own name, or a tag that the driver holds: then no session waits for it."""
    return driver.external_id == name or driver.token_at(tag=name, instant=now) is not None
