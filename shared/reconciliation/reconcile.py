"""Use case: do the sessions that ended on a day, their lines, and what Utility Cloud has agree? It mends nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from shared.clock import Clock
from shared.faults import Stored
from shared.logbook import Direction, Logbook, LogEntry, log_entry
from shared.operators import Operator

from .asking import Asking
from .difference import DifferenceKind
from .local_days import days_up_to, last_night, local_day
from .ports import EndedSessions, LinesElsewhere, Reconciliations
from .reconciled import Reconciled, ReconciledState
from .tally import Tally

MOST_NIGHTS_CAUGHT_UP = 7
PAGE = 50
"""So many sessions are gone through between two notes of how far it has come."""
_GONE_ON_WITH_FOR = timedelta(days=1)
_COUNTED_AT_ONCE = 1000


class DayNotBegun(Exception):
    """A day that has not begun in the operator's time zone cannot be reconciled."""

    def __init__(self, *, day: date) -> None:
        super().__init__(f"{day.isoformat()} has not begun")
        self.day = day


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """Reconciles days. For each session one read, for each line one question to Utility Cloud, for each page a write.

    `sleep` is what keeps the questions to their rate.
    """

    sessions: EndedSessions
    lines: LinesElsewhere
    results: Reconciliations
    logbook: Logbook
    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self, *, operator: Operator, day: date, wanted_by: str | None = None) -> Reconciled:
        """Goes through the sessions that ended on this local day. A run that was cut off within the last day goes on
        where it was; any other begins anew. Of a day that is not over it goes through what has ended so far; the night
        goes through the whole of it.

        Raises DayNotBegun, StorageUnavailable, and RowConflict if another run is at the same day.
        """
        before = await self._begun(operator, day, wanted_by)
        asking = Asking(operator=operator, lines=self.lines, logbook=self.logbook, sleep=self.sleep)
        while before.value.is_running:
            before = await self._one_page(operator, before, asking)
        return before.value

    async def run_nights(self, *, operator: Operator) -> int:
        """Does what the nights since the last call should have done, at most seven, and says how many days that was.

        Each night looks at the seven days before it: those not reconciled yet, cut off, or that did not agree, and
        those of which sessions have come in since. With nothing to do it costs one point read. Raises as `run` does.
        """
        last, begun = last_night(now=self.clock.now(), zone=operator.zone)
        done_up_to = await self.results.night_done(home=operator.home)
        if done_up_to is not None and done_up_to >= last:
            return 0
        first = operator.created_at.astimezone(operator.zone).date()
        runs = 0
        for day in days_up_to(last, at_most=MOST_NIGHTS_CAUGHT_UP, since=first):
            found = await self.results.find(home=operator.home, day=day)
            if found is None or await self._is_to_run(operator, found.value, begun):
                await self.run(operator=operator, day=day)
                runs += 1
        await self.results.record_night(home=operator.home, day=last)
        return runs

    async def _begun(self, operator: Operator, day: date, wanted_by: str | None) -> Stored[Reconciled]:
        now, of_day = self.clock.now(), local_day(day, zone=operator.zone)
        if of_day.since > now:
            raise DayNotBegun(day=day)
        found = await self.results.find(home=operator.home, day=day)
        if found is not None and found.value.is_running and now - found.value.started_at < _GONE_ON_WITH_FOR:
            return found
        result = Reconciled(
            day=day,
            since=of_day.since,
            until=min(of_day.until, now),
            currency=operator.currency,
            started_at=now,
            wanted_by=wanted_by,
        )
        return await self._written(operator, result, version=found.version if found else None)

    async def _one_page(self, operator: Operator, before: Stored[Reconciled], asking: Asking) -> Stored[Reconciled]:
        result = before.value
        session_ids, position = await self.sessions.ended(
            home=operator.home, since=result.since, until=result.until, limit=PAGE, continuation=result.position
        )
        stories = (self.sessions.story(home=operator.home, session_id=each) for each in session_ids)
        tallies = await asking.tallies(stories, currency=result.currency)
        result = replace(result, tally=sum(tallies, start=result.tally), position=position)
        if position is not None:
            return await self._written(operator, result, version=before.version)
        unanswered = result.tally.by_kind[DifferenceKind.NOT_ASKED] > 0
        result = replace(
            result,
            state=ReconciledState.INCOMPLETE if unanswered else ReconciledState.DONE,
            finished_at=self.clock.now(),
        )
        return await self._written(operator, result, version=before.version, entry=_entry(result))

    async def _written(
        self, operator: Operator, result: Reconciled, *, version: str | None, entry: LogEntry | None = None
    ) -> Stored[Reconciled]:
        version = await self.results.write(home=operator.home, result=result, version=version, entry=entry)
        return Stored(value=result, version=version)

    async def _is_to_run(self, operator: Operator, result: Reconciled, begun: datetime) -> bool:
        """Whether the night that began at `begun` has something to do for a day that has a result."""
        if result.is_running or result.until < local_day(result.day, zone=operator.zone).until:
            return True
        if result.started_at >= begun:
            return False
        return not result.is_clean or await self._has_changed(operator, result)

    async def _has_changed(self, operator: Operator, result: Reconciled) -> bool:
        """Whether there are more sessions that ended that day, or fewer, than it counted."""
        counted, position = 0, None
        while True:
            found, position = await self.sessions.ended(
                home=operator.home,
                since=result.since,
                until=result.until,
                limit=_COUNTED_AT_ONCE,
                continuation=position,
            )
            counted += len(found)
            if position is None:
                return counted != result.tally.sessions


def _outcome(tally: Tally) -> str:
    """What differs; without differences what is known to agree, which no line is that nobody could ask for."""
    if tally.by_kind:
        return f"differences: {', '.join(f'{count} {kind}' for kind, count in sorted(tally.by_kind.items()))}"
    if not tally.not_checked:
        return "all agrees"
    return "what could be asked for agrees" if tally.equal else "nothing could be compared"


def _entry(result: Reconciled) -> LogEntry:
    tally = result.tally
    told = (
        f"{result.day.isoformat()}: {tally.sessions} sessions ended, {tally.lines} lines, {tally.delivered} delivered"
    )
    checked = f"{tally.present} found at Utility Cloud, {tally.equal} of them equal"
    unasked = f", {tally.not_checked.total()} that nobody can ask for" if tally.not_checked else ""
    whom = f", wanted by {result.wanted_by}" if result.wanted_by else ""
    return log_entry(
        at=result.finished_at or result.started_at,
        direction=Direction.OUT,
        endpoint="reconciliation",
        action="reconciliation",
        message=f"{told}, {checked}{unasked}; {_outcome(tally)}{whom}",
        reference_id=result.reference,
    )
