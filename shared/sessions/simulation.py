"""Use case: what recorded sessions would have cost by a tariff, beside what they did cost. It writes nothing."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.billing import NO_SITE, CostedLine, Line
from shared.operators import Operator, Site
from shared.pricing import PricingError, Tariff

from .catalogue import Catalogue
from .costing import report_on, stop_as_in, timezone_at
from .ledger import Stories, Story
from .simulated import Amounts, Simulated, SimulatedSession

_READ_AT_ONCE = 16


class NothingToSimulate(Exception):
    """There is no such tariff, or no such line. `what` names it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"there is no {what}")
        self.what = what


class SimulationRunning(Exception):
    """Another simulation of many sessions runs in this process."""

    def __init__(self) -> None:
        super().__init__("another simulation runs: try again in some seconds")


@dataclass(frozen=True, kw_only=True)
class _Recorded:
    """A session that became lines, the first of them, and the time zone of its site."""

    story: Story
    line: Line
    timezone: str


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """Prices recorded sessions again: those that became a line, as it says or as it was corrected, with all readings
    that are known by now. The tariff is its version in force at `at`; for how long the tariff itself says that it is
    valid does not matter here. Everything raises StorageUnavailable.
    """

    stories: Stories
    catalogue: Catalogue
    # Pricing keeps the process busy, session after session: of several at once, each would have its turn before
    # whoever stands at a charger gets an answer.
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False, compare=False)

    async def of_period(
        self,
        *,
        operator: Operator,
        tariff_id: str,
        at: datetime,
        since: datetime,
        until: datetime,
        limit: int,
        continuation: str | None,
    ) -> Simulated:
        """At most `limit` sessions that ended from `since` on and before `until`, newest first.

        Raises NothingToSimulate if there is no such tariff, SimulationRunning, ContinuationUnreadable.
        """
        tariff = await self._tariff(operator, tariff_id, at)
        if self._one_at_a_time.locked():
            raise SimulationRunning
        found = []
        async with self._one_at_a_time:
            session_ids, after = await self.stories.settled(
                home=operator.home, since=since, until=until, limit=limit, continuation=continuation
            )
            async with aclosing(self._read_all(operator, session_ids)) as recorded:
                async for each in recorded:
                    item = await self._simulated(operator, tariff, each)
                    found.append(replace(item, report=None))
                    # One session is priced at a time, and whoever stands at a charger meanwhile gets an answer.
                    await asyncio.sleep(0)
        return Simulated(tariff_id=tariff.id, currency=tariff.currency, items=tuple(found), continuation=after)

    async def of_transaction(
        self, *, operator: Operator, tariff_id: str, at: datetime, transaction_id: str
    ) -> Simulated:
        """The session of one line, with its report. Raises NothingToSimulate if there is no such tariff or line."""
        tariff = await self._tariff(operator, tariff_id, at)
        story = await self.stories.story_of_line(home=operator.home, transaction_id=transaction_id)
        if story is None:
            raise NothingToSimulate(f"transaction {transaction_id}")
        recorded = await self._recorded(operator, story)
        item = await self._simulated(operator, tariff, recorded)
        return Simulated(tariff_id=tariff.id, currency=tariff.currency, items=(item,))

    async def _tariff(self, operator: Operator, tariff_id: str, at: datetime) -> Tariff:
        tariff = await self.catalogue.tariff_at(operator.gln, tariff_id, at)
        if tariff is None:
            raise NothingToSimulate(f"tariff {tariff_id}")
        return replace(tariff, starts=None, ends=None)

    async def _read_all(self, operator: Operator, session_ids: Sequence[str]) -> AsyncGenerator[_Recorded]:
        """In this order, a few at once and a few ahead: never all of a month in memory."""

        async def read(session_id: str) -> _Recorded:
            return await self._recorded(operator, await self.stories.story(home=operator.home, session_id=session_id))

        ahead: deque[asyncio.Task[_Recorded]] = deque()
        try:
            for session_id in session_ids:
                if len(ahead) == _READ_AT_ONCE:
                    yield await ahead.popleft()
                ahead.append(asyncio.create_task(read(session_id)))
            while ahead:
                yield await ahead.popleft()
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)

    async def _recorded(self, operator: Operator, story: Story) -> _Recorded:
        line = next(each for each in story.lines if each.transaction_id == story.session_id)
        path: tuple[Site, ...] = ()
        if line.site_id != NO_SITE:
            path = await self.catalogue.site_path_at(operator.gln, line.site_id, line.started_at)
        return _Recorded(story=story, line=line, timezone=timezone_at(path, operator))

    async def _simulated(self, operator: Operator, tariff: Tariff, recorded: _Recorded) -> SimulatedSession:
        story, line = recorded.story, recorded.line
        session = story.session.value if story.session else None
        assert session is not None  # noqa: S101  a line is written with its session
        assert session.stop is not None  # noqa: S101  which has stopped
        in_force = story.line_in_force
        stop = stop_as_in(in_force or line, session=session, stop=session.stop)
        costed = [each for each in story.standing_lines if isinstance(each, CostedLine)]
        item = SimulatedSession(
            transaction_id=story.session_id,
            owner=line.owner,
            site_id=line.site_id,
            started_at=stop.started_at,
            ended_at=stop.ended_at,
            consumption_kwh=stop.energy_wh / 1000,
            actual=Amounts.sum_of(Amounts.of_line(each) for each in costed) if isinstance(line, CostedLine) else None,
        )
        if in_force is None:
            return replace(item, fault="its line was credited or withdrawn, and nothing took its place")
        if other := {each.currency for each in costed} - {tariff.currency}:
            fault = f"it was charged in {', '.join(sorted(other))}, and the tariff is in {tariff.currency}"
            return replace(item, actual=None, fault=fault)
        try:
            report = await report_on(
                operator=operator,
                tariff=tariff,
                session=session,
                stop=stop,
                readings=story.readings,
                timezone=recorded.timezone,
                market=self.catalogue,
            )
        except PricingError as error:
            return replace(item, fault=str(error))
        if report.rounded is None:
            return replace(item, report=report, fault=f"tariff {tariff.id} gives no amount that a line can state")
        return replace(item, report=report, simulated=Amounts.of_report(report.rounded))
