"""What becomes of the sessions on a page of the platform's list."""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.clock import Clock
from shared.faults import RowConflict, StorageUnavailable
from shared.identifiers import OperatorHome
from shared.json_documents import print_json
from shared.logbook import Direction, Logbook, log_entry
from shared.operators import Learning, Operator
from shared.sessions import (
    TWINS_START_WITHIN,
    KnownSession,
    MessageRefused,
    Said,
    Session,
    Settlement,
    Stories,
    place_of,
    weighed,
)
from shared.telemetry import Count

from .listed_session import ListedSession, digest_of, listed_session, name_of

_AT_ONCE = 8
_ROUNDING = timedelta(seconds=1)
_log = logging.getLogger(__name__)


class KnownSessions(Protocol):
    """Sessions that have stopped, by their end. Everything raises StorageUnavailable."""

    async def known_sessions(self, *, home: OperatorHome, since: datetime, until: datetime) -> list[KnownSession]:
        """Those that ended from `since` to `until`: a small query in each partition, and one more for each 1,000."""
        ...


@dataclass(kw_only=True)
class Tally:
    """How far a sweep came (all that ended before `reached` was seen to), and what it saw. `taken` counts by what
    became of them, `refused` has digests of items that cannot be read.
    """

    reached: datetime
    is_complete: bool = False
    seen: set[str] = field(default_factory=set)
    known: dict[str, KnownSession] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class TakingIn:
    """Takes in what was never notified. What is known costs nothing but its share of a query for the whole page."""

    known: KnownSessions
    stories: Stories
    settlement: Settlement
    learning: Learning
    logbook: Logbook
    clock: Clock
    count: Count

    async def page(self, *, operator: Operator, items: tuple[Any, ...], told: frozenset[str], tally: Tally) -> None:
        """Takes the page in, and what it saw into `tally`; `told` are digests of items whose faults the log has.

        What is wrong with one session stops no other. Raises StorageUnavailable, after all others were tried.
        """
        listed = await self._read(operator, items, told, tally)
        if not listed:
            return
        ends = [each.stop.ended_at for each in listed]
        known = await self.known.known_sessions(
            home=operator.home, since=min(ends) - _ROUNDING, until=max(ends) + _ROUNDING
        )
        tally.known.update({each.session_id: each for each in known})
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def take(each: ListedSession) -> StorageUnavailable | None:
            async with at_once:
                return await self._take_safely(operator, each, tally)

        unknown = [each for each in listed if not _is_known(each, tally)]
        outcomes = await asyncio.gather(*(take(each) for each in unknown))
        if away := next((outcome for outcome in outcomes if outcome is not None), None):
            raise away

    async def _read(
        self, operator: Operator, items: tuple[Any, ...], told: frozenset[str], tally: Tally
    ) -> list[ListedSession]:
        listed: dict[str, ListedSession] = {}
        for item in items:
            try:
                session = listed_session(item, now=self.clock.now())
            except MessageRefused as refused:
                await self._tell(operator, item, refused, told, tally)
                continue
            if session is not None and session.session_id not in tally.seen:
                listed.setdefault(session.session_id, session)
        return list(listed.values())

    async def _tell(
        self, operator: Operator, item: Any, refused: MessageRefused, told: frozenset[str], tally: Tally
    ) -> None:
        digest = digest_of(item)
        if digest in told or digest in tally.refused:
            return
        entry = log_entry(
            at=self.clock.now(),
            direction=Direction.IN,
            endpoint=str(operator.charging_platform.sessions_url),
            action="session-not-swept",
            message=f"a session in the charging platform's list cannot be taken in: {refused}",
            reference_id=name_of(item),
            payload=print_json(item),
        )
        await self.logbook.write(home=operator.home, entry=entry)
        self.count("refused", gln=operator.gln)
        tally.refused.append(digest)

    async def _take_safely(self, operator: Operator, listed: ListedSession, tally: Tally) -> StorageUnavailable | None:
        try:
            status = await self._take(operator, listed)
        except StorageUnavailable as error:
            return error
        except RowConflict:
            return StorageUnavailable(detail=f"others keep writing to session {listed.session_id}")
        except Exception:  # noqa: BLE001  whatever is wrong with this one, the others are not to wait for it
            _log.exception(
                "session %s of operator %s cannot be taken in",
                listed.session_id,
                operator.gln,
                extra={"gln": operator.gln, "reference": listed.session_id},
            )
            self.count("failed", gln=operator.gln)
            return None
        tally.seen.add(listed.session_id)
        if status is not None:
            tally.taken[status] += 1
            self.count(status, gln=operator.gln)
        return None

    async def _take(self, operator: Operator, listed: ListedSession) -> str | None:
        """What became of it; None if it was known after all."""
        session_id, session = await self._known_as(operator, listed)
        if session is not None and session.stop is not None and weighed(session, listed.stop).session is session:
            return None
        stop = listed.stop
        await self.learning.learn_charger(gln=operator.gln, charger_id=stop.charger_id, site_id=stop.site_id)
        answer = await self.settlement.take_stop(
            operator=operator,
            session_id=session_id,
            stop=stop,
            raw=listed.raw.encode(),
            endpoint=str(operator.charging_platform.sessions_url),
        )
        return answer.status

    async def _known_as(self, operator: Operator, listed: ListedSession) -> tuple[str, Session | None]:
        """The id under which we may have heard of it: the platform's, or the charger's, if that is the same session.

        A charger's id may be a small number that another charger has too.
        """
        own = (await self.stories.story(home=operator.home, session_id=listed.session_id)).session
        if own is not None or listed.evse_id is None:
            return listed.session_id, own.value if own else None
        other = (await self.stories.story(home=operator.home, session_id=listed.evse_id)).session
        if other is not None and _is_same(other.value, listed):
            return listed.evse_id, other.value
        return listed.session_id, None


def _is_known(listed: ListedSession, tally: Tally) -> bool:
    said = Said.by(listed.stop)
    ids = (listed.session_id, listed.evse_id)
    heard = (tally.known[each] for each in ids if each is not None and each in tally.known)
    return any(session.has_heard(said) for session in heard)


def _is_same(session: Session, listed: ListedSession) -> bool:
    heard = session.stop or session.start
    if heard is None:
        return False
    is_same_place = place_of(charger_id=heard.charger_id, tag=heard.tag) == Said.by(listed.stop).place
    return is_same_place and abs(heard.started_at - listed.stop.started_at) <= TWINS_START_WITHIN
