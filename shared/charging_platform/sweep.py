"""Use case: sessions that the charging platform never notified are found in its list and taken in."""

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from shared.clock import Clock
from shared.faults import RowConflict, StorageUnavailable
from shared.logbook import Direction, Logbook, log_entry
from shared.one_of_many import one_of_many
from shared.operators import Operator, SecretUnavailable
from shared.sessions import TwinWatch, undetected_twins

from .paging import Ask, Paging
from .platform import ChargingPlatformApi, Page, PlatformRefused, PlatformUnavailable
from .sweep_state import SweepState, SweepStates, Trouble
from .taking_in import TakingIn, Tally

_AT_ONCE = 8
_MOST_MARKED = 100
MOST_PAGES = 500
LONGEST_RUN_SECONDS = 240
_log = logging.getLogger(__name__)

type _Trouble = PlatformRefused | PlatformUnavailable | SecretUnavailable


class AllOperators(Protocol):
    """Where the list of operators comes from."""

    async def operators(self) -> list[Operator]:
        """All of them."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Asks each operator's platform for what ended lately; one operator's trouble stops no other's.

    Runs of an operator that meet do nothing twice: what is taken in is guarded by what is written.
    """

    operators: AllOperators
    platform: ChargingPlatformApi
    taking_in: TakingIn
    twins: TwinWatch
    states: SweepStates
    logbook: Logbook
    clock: Clock
    most_pages: int = MOST_PAGES
    longest_run_seconds: float = LONGEST_RUN_SECONDS

    async def run(self) -> int:
        """How many sessions were taken in. Raises StorageUnavailable if not even the operators are to be had."""
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def sweep(operator: Operator) -> int:
            async with at_once:
                return await self._run_for(operator)

        asked = [each for each in await self.operators.operators() if _can_be_asked(each)]
        return sum(await asyncio.gather(*(sweep(operator) for operator in asked)))

    async def _run_for(self, operator: Operator) -> int:
        with one_of_many("the sweep", gln=operator.gln, log=_log):
            return await self._sweep(operator)
        return 0

    async def _sweep(self, operator: Operator) -> int:
        now = self.clock.now()
        stored = await self.states.find(gln=operator.gln)
        before = stored.value if stored else SweepState()
        if before.not_before is not None and now < before.not_before:
            return 0
        since = before.begins(now)
        tally = Tally(reached=since)
        trouble: _Trouble | None = None
        away: StorageUnavailable | None = None
        try:
            await self._go_through(operator, Paging(since=since, ask=self._ask(operator, until=now)), before, tally)
        except (PlatformRefused, PlatformUnavailable, SecretUnavailable) as error:
            trouble = error
        except StorageUnavailable as error:
            away = error  # the page is asked for again
        marked = await self._mark_twins(operator, tally)
        after = _after(before, tally, trouble, now=now)
        await self._tell(operator, before, after, tally, marked)
        await self.states.write(gln=operator.gln, state=after, version=stored.version if stored else None)
        if away is not None:
            raise away
        return tally.taken.total()

    def _ask(self, operator: Operator, *, until: datetime) -> Ask:
        async def ask(since: datetime, page: int) -> Page:
            return await self.platform.sessions(operator, since=since, until=until, page=page)

        return ask

    async def _go_through(self, operator: Operator, paging: Paging, before: SweepState, tally: Tally) -> None:
        started = time.monotonic()
        for _ in range(self.most_pages):
            page = await paging.next()
            await self.taking_in.page(operator=operator, items=page.items, told=frozenset(before.refused), tally=tally)
            tally.reached, tally.is_complete = paging.cursor, paging.is_complete
            if tally.is_complete or time.monotonic() - started > self.longest_run_seconds:
                return

    async def _mark_twins(self, operator: Operator, tally: Tally) -> int:
        marked = 0
        for earlier, later in undetected_twins(tally.known.values())[:_MOST_MARKED]:
            try:
                marked += await self.twins.mark(operator=operator, earlier=earlier, later=later)
            except RowConflict:
                continue  # somebody else is at it; the next sweep sees what it has come to
        return marked

    async def _tell(self, operator: Operator, before: SweepState, after: SweepState, tally: Tally, marked: int) -> None:
        for action, message in _news(before, after, tally, marked):
            entry = log_entry(
                at=self.clock.now(),
                direction=Direction.OUT,
                endpoint=str(operator.charging_platform.sessions_url),
                action=action,
                message=message,
            )
            await self.logbook.write(home=operator.home, entry=entry)


def _can_be_asked(operator: Operator) -> bool:
    platform = operator.charging_platform
    return platform.sessions_url is not None and platform.api_key is not None


def _after(before: SweepState, tally: Tally, trouble: _Trouble | None, *, now: datetime) -> SweepState:
    pause = trouble.retry_after if isinstance(trouble, PlatformUnavailable) else None
    after = replace(
        before,
        swept_until=now if tally.is_complete else before.swept_until,
        go_on_from=None if tally.is_complete else tally.reached,
        looked_back_at=now if before.looks_back(now) else before.looked_back_at,
        ran_at=now,
        not_before=now + pause if pause else None,
        trouble=_trouble(before.trouble, trouble, now=now),
    )
    return after.with_refused(tally.refused)


def _trouble(before: Trouble | None, error: _Trouble | None, *, now: datetime) -> Trouble | None:
    """What stands in the way now; since when, if that is what stood there before."""
    if error is None:
        return None
    is_refused = isinstance(error, PlatformRefused)
    is_same = before is not None and before.is_refused is is_refused
    since = before.since if before is not None and is_same else now
    return Trouble(is_refused=is_refused, explanation=str(error), since=since)


def _news(before: SweepState, after: SweepState, tally: Tally, marked: int) -> Iterator[tuple[str, str]]:
    """What the log is told: what was taken in, and trouble when it begins and when it is over, not each time."""
    if tally.taken:
        what = ", ".join(f"{number} {status}" for status, number in sorted(tally.taken.items()))
        yield "sweep", f"{tally.taken.total()} sessions had never been notified and were taken in: {what}"
    if marked:
        yield "sweep", f"{marked} sessions seem to be the same as others under another id: a person must decide"
    trouble, earlier = after.trouble, before.trouble
    if trouble is None:
        if earlier is not None:
            yield "sweep-recovered", f"the charging platform can be asked again; it could not since {earlier.since}"
    elif earlier is None or earlier.since != trouble.since:
        said = "refuses to tell its sessions, until somebody changes that" if trouble.is_refused else "cannot be asked"
        action = "sweep-refused" if trouble.is_refused else "sweep-failed"
        yield action, f"the charging platform {said}: {trouble.explanation}"
