"""Use case: a person's data is erased because they ask for it, and what was billed stays true."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.drivers import Driver, Drivers
from shared.identifiers import OperatorHome
from shared.logbook import Direction, LogEntry, log_entry
from shared.operators import Operator
from shared.sessions import Lines, Session, SessionList, SessionStatus, Story
from shared.telemetry import Count

from .erasing import Erasing, Erasures, ErasureStep
from .person import Person, person_of
from .purge import ListedSessions
from .retired import is_finished

_PAGE = 50
_LISTED = 1000
_MOST_NAMED = 5
# A charger that was never heard of again is not waited for any longer.
_CHARGES_AT_MOST = timedelta(days=7)
_UNBILLED = (SessionStatus.NOTHING_TO_BILL, SessionStatus.DISCARDED, SessionStatus.CHARGING)


class NobodyToErase(Exception):
    """There is no such driver."""

    def __init__(self, *, external_id: str) -> None:
        super().__init__(f"there is no driver {external_id}")
        self.external_id = external_id


class NotToBeErasedYet(Exception):
    """Something of the driver's is not over. Says what must be waited for."""

    def __init__(self, *, external_id: str, until: str) -> None:
        super().__init__(f"driver {external_id} can be erased once {until}")
        self.external_id = external_id


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """Erases drivers, step by step: what was begun is kept until it is done, so that it goes on wherever it was cut."""

    drivers: Drivers
    lines: Lines
    sessions: ListedSessions
    erasures: Erasures
    clock: Clock
    count: Count

    async def begin(self, *, operator: Operator, external_id: str, reason: str, wanted_by: str) -> Erasing:
        """Takes the driver away, with all that Utility Cloud has said of it, and notes down what is left to do. One
        that was begun before is given as it stands.

        Raises NobodyToErase, NotToBeErasedYet, StorageUnavailable, RowConflict.
        """
        home = operator.home
        begun = await self.erasures.find(home=home, external_id=external_id)
        if begun is not None:
            return begun.value
        stored = await self.drivers.driver(home=home, external_id=external_id)
        if stored is None:
            raise NobodyToErase(external_id=external_id)
        now = self.clock.now()
        person = await self._person(home, stored.value, now)
        for what in (
            _active(stored.value, now),
            await self._undelivered(home, external_id),
            await self._undecided(home, person, now),
        ):
            if what:
                raise NotToBeErasedYet(external_id=external_id, until=what)
        erasing = Erasing(
            external_id=external_id,
            person=person,
            reason=reason,
            wanted_by=wanted_by,
            begun_at=now,
            statements=len(stored.value.statements),
            tokens=len(stored.value.tokens),
        )
        entry = _entry(erasing, at=now, action="driver-erasure-begun", told="is being erased")
        await self.erasures.begin(home=home, driver=stored, erasing=erasing, entry=entry)
        self.count("begun")
        return erasing

    async def go_on(self, *, operator: Operator, external_id: str) -> Erasing | None:
        """Does what is left to do, page by page; None if nothing was begun.

        Raises StorageUnavailable, and RowConflict if somebody else is at it.
        """
        home = operator.home
        stored = await self.erasures.find(home=home, external_id=external_id)
        if stored is None:
            return None
        while stored.value.step is not ErasureStep.DONE:
            after = await self._one_page(home, stored.value)
            if after.step is ErasureStep.DONE:
                told = f"was erased: {after.in_words()}"
                entry = _entry(after, at=self.clock.now(), action="driver-erased", told=told)
                await self.erasures.finish(home=home, before=stored, entry=entry)
                self.count("done")
                return after
            stored = await self.erasures.write(home=home, before=stored, erasing=after)
        return stored.value

    async def go_on_with_all(self, *, operator: Operator) -> None:
        """The same for all that were begun and are not done. Raises the same."""
        for external_id in await self.erasures.unfinished(home=operator.home):
            await self.go_on(operator=operator, external_id=external_id)

    async def _one_page(self, home: OperatorHome, erasing: Erasing) -> Erasing:
        match erasing.step:
            case ErasureStep.TAGS:
                for held in erasing.person.tags:
                    await self.erasures.free_tag(home=home, tag=held.tag, erasing=erasing)
                return erasing.at(ErasureStep.LINES)
            case ErasureStep.LINES:
                return await self._lines(home, erasing)
            case ErasureStep.LOG:
                return await self.erasures.erase_log(home=home, erasing=erasing)
            case ErasureStep.RESULTS:
                await self.erasures.erase_results(home=home, erasing=erasing)
                return erasing.at(ErasureStep.DONE)
            case _:
                return await self._unbilled(home, erasing)

    async def _lines(self, home: OperatorHome, erasing: Erasing) -> Erasing:
        found, after = await self.lines.lines(
            home=home,
            owner=erasing.external_id,
            since=None,
            until=None,
            limit=_PAGE,
            continuation=erasing.position,
        )
        theirs = {
            session_id
            for session_id in dict.fromkeys(each.line.session_id for each in found)
            if await self.erasures.erase_story(home=home, session_id=session_id, person=erasing.person)
        }
        lines = sum(each.line.session_id in theirs for each in found)
        erasing = replace(erasing, lines=erasing.lines + lines, position=after)
        return erasing if after is not None else erasing.at(ErasureStep.NOTHING_TO_BILL)

    async def _unbilled(self, home: OperatorHome, erasing: Erasing) -> Erasing:
        """Sessions that are in no list by their owner: all of a status are looked at."""
        status = SessionStatus(erasing.step.value)
        found, after = await self.sessions.sessions(
            home=home, listed=status, limit=_LISTED, continuation=erasing.position
        )
        erased = 0
        for session in found:
            if erasing.person.owns(session):
                erased += await self.erasures.erase_story(
                    home=home, session_id=session.session_id, person=erasing.person
                )
        erasing = replace(erasing, sessions=erasing.sessions + erased, position=after)
        return erasing if after is not None else erasing.at(erasing.step.following)

    async def _person(self, home: OperatorHome, driver: Driver, now: datetime) -> Person:
        claims = {}
        for token in driver.tokens:
            if token.tag not in claims:
                stored = await self.drivers.claims(home=home, tag=token.tag)
                claims[token.tag] = stored.value if stored else None
        return person_of(driver, claims=claims, now=now)

    async def _undelivered(self, home: OperatorHome, external_id: str) -> str:
        named: list[str] = []
        position = None
        while len(named) < _MOST_NAMED:
            found, position = await self.lines.lines(
                home=home, owner=external_id, since=None, until=None, limit=_LISTED, continuation=position
            )
            named += [
                f"{each.line.transaction_id} ({each.delivery.state})"
                for each in found
                if not is_finished(Story(session_id=each.line.session_id, deliveries=(each.delivery,)))
            ]
            if position is None:
                break
        return f"these lines are delivered or withdrawn: {', '.join(named[:_MOST_NAMED])}" if named else ""

    async def _undecided(self, home: OperatorHome, person: Person, now: datetime) -> str:
        waiting = [each for each in await self._all(home, SessionList.FOR_A_PERSON) if person.owns(each)]
        if waiting:
            return f"these sessions are decided: {', '.join(_named(waiting))}"
        charging = [
            each
            for each in await self._all(home, SessionStatus.CHARGING)
            if now - each.heard_at < _CHARGES_AT_MOST and person.owns(each)
        ]
        return f"these sessions have stopped: {', '.join(_named(charging))}" if charging else ""

    async def _all(self, home: OperatorHome, listed: SessionStatus | SessionList) -> list[Session]:
        everything: list[Session] = []
        position = None
        while True:
            found, position = await self.sessions.sessions(
                home=home, listed=listed, limit=_LISTED, continuation=position
            )
            everything += found
            if position is None:
                return everything


def _active(driver: Driver, now: datetime) -> str:
    is_over = all(period.ended_at is not None and period.ended_at <= now for period in driver.active_periods)
    return "" if is_over else "its contract has ended"


def _named(sessions: Sequence[Session]) -> list[str]:
    return [each.session_id for each in sessions[:_MOST_NAMED]]


def _entry(erasing: Erasing, *, at: datetime, action: str, told: str) -> LogEntry:
    return log_entry(
        at=at,
        direction=Direction.IN,
        endpoint="retention",
        action=action,
        message=f"the driver of {erasing.external_id} {told}; {erasing.wanted_by} wanted it, because {erasing.reason}",
        reference_id=erasing.external_id,
    )
