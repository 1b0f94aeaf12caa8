"""Twins: sessions under two ids that are one charging. The same charger and tag, started at nearly the same time.

A platform that names a session differently in its notification and in its list would otherwise have it billed twice.
Each stop that is taken in first claims its place (charger and tag) and start, in a row of its own partition, within its
own commit. Before a session that was never notified is taken in, the same is guarded in every partition: a
notification that arrives at that very moment either has claimed already, and is seen, or finds the guard when it
commits. So the usual way pays nothing, and neither clocks nor caches decide.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

from shared.billing import ERASED
from shared.drivers import normalised
from shared.identifiers import OperatorHome

from .session import Session, SessionStatus, Stop

TWINS_START_WITHIN = timedelta(minutes=2)
GUARD_HOLDS = timedelta(minutes=2)
"""Whoever has guarded a start and not taken its session in by then has died on the way; the next sweep begins anew."""
# What is listed may be rounded to whole seconds and watt hours.
_LESS_THAN = timedelta(seconds=1)
_LESS_THAN_WH = Decimal(1)


def place_of(*, charger_id: str, tag: str) -> str:
    """Charger and tag as a text in which neither can be read; of an erased tag nothing is left to compare."""
    if tag == ERASED:
        return ERASED
    return hashlib.sha256(f"{charger_id}\n{normalised(tag)}".encode()).hexdigest()[:24]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A session at a place and start. `is_guard`: it was found by the sweep, and guards all partitions."""

    session_id: str
    started_at: datetime
    is_guard: bool = False

    def is_twin_of(self, session_id: str, stop: Stop) -> bool:
        """Whether it is another session that started within two minutes of this stop's, seen from the same place."""
        return self.session_id != session_id and abs(self.started_at - stop.started_at) <= TWINS_START_WITHIN


class Claims(Protocol):
    """Who has claimed which place and start. Everything raises StorageUnavailable."""

    async def near(self, *, home: OperatorHome, session_id: str, stop: Stop) -> tuple[Claim, ...]:
        """What stands in the session's partition where a commit with this stop would put its claim."""
        ...

    async def add(self, *, home: OperatorHome, session_id: str, stop: Stop) -> None:
        """Adds a claim of the session, whatever others stand there."""
        ...

    async def guard(self, *, home: OperatorHome, session_id: str, stop: Stop) -> Claim | None:
        """Guards the place, from two minutes before the start to two minutes after it, in one partition after the
        other; stops at the first in which a twin stands, and gives that. Guarding again what is guarded is harmless.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a stop says, as far as two of them are compared."""

    place: str
    started_at: datetime
    ended_at: datetime
    energy_wh: Decimal

    @classmethod
    def by(cls, stop: Stop) -> "Said":
        """What `stop` says."""
        place = place_of(charger_id=stop.charger_id, tag=stop.tag)
        return cls(place=place, started_at=stop.started_at, ended_at=stop.ended_at, energy_wh=stop.energy_wh)

    def is_about(self, other: "Said") -> bool:
        """Whether both say the same but for rounding."""
        return (
            (self.place == other.place or ERASED in {self.place, other.place})
            and abs(self.started_at - other.started_at) < _LESS_THAN
            and abs(self.ended_at - other.ended_at) < _LESS_THAN
            and abs(self.energy_wh - other.energy_wh) < _LESS_THAN_WH
        )


def says_the_same(one: Stop, other: Stop) -> bool:
    """Whether two stops of one session are the same; where one comes from the platform's list, but for rounding, and
    where one's tag was erased, but for the tag.
    """
    if one.fingerprint == other.fingerprint:
        return True
    is_inexact = one.is_swept or other.is_swept or ERASED in {one.tag, other.tag}
    return is_inexact and one.charger_id == other.charger_id and Said.by(one).is_about(Said.by(other))


@dataclass(frozen=True, kw_only=True)
class KnownSession:
    """A stopped session as the list by its end has it: enough to see, without reading it, that nothing is new.

    `said` has the stop that counts first, then those that contradict it. `twins` are the sessions of which it is known,
    or was decided, that they are its twins.
    """

    session_id: str
    status: SessionStatus
    said: tuple[Said, ...]
    twins: tuple[str, ...] = ()

    @classmethod
    def of(cls, session: Session) -> "KnownSession | None":
        """None of a session that has not stopped."""
        if session.stop is None:
            return None
        decided = [each.twin_of for each in session.decisions]
        return cls(
            session_id=session.session_id,
            status=session.status,
            said=tuple(Said.by(stop) for stop in (session.stop, *session.conflicts)),
            twins=tuple(twin for twin in (session.twin_of, *decided) if twin is not None),
        )

    def has_heard(self, said: Said) -> bool:
        """Whether the session was told so before."""
        return any(said.is_about(each) for each in self.said)


def undetected_twins(sessions: Iterable[KnownSession]) -> list[tuple[KnownSession, KnownSession]]:
    """Pairs of twins that became, or may become, two lines, and of which nobody knows yet; each later session once."""
    by_place: dict[str, list[KnownSession]] = {}
    for session in sessions:
        if session.status in {SessionStatus.SETTLED, SessionStatus.HELD} and session.said[0].place != ERASED:
            by_place.setdefault(session.said[0].place, []).append(session)
    found = []
    for at_one_place in by_place.values():
        at_one_place.sort(key=lambda each: (each.said[0].started_at, each.session_id))
        for earlier, later in pairwise(at_one_place):
            apart = later.said[0].started_at - earlier.said[0].started_at
            is_known = earlier.session_id in later.twins or later.session_id in earlier.twins
            if apart <= TWINS_START_WITHIN and not is_known:
                found.append((earlier, later))
    return found
