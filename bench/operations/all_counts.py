"""What each thing that happens costs in operations: counted, not timed, so it is the same on every machine."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from croniter import croniter

from bench.figure import Figure
from bench.operations.counted import BYTES, STORAGE_OPERATIONS, Counted, Measure, difference
from bench.operations.days import Days
from bench.operations.town import Town, schedule_of, town
from functions import charging_platform_upkeep, deliveries, notice_api, retention_upkeep, upkeep
from local.sandbox import RunningSandbox, serving
from local.sandbox.demo_operators import DEMO_OPERATORS, DemoOperator

COSTED, METERED = DEMO_OPERATORS
TIMERS: Final = (
    deliveries.retry_deliveries,
    deliveries.probe_blocked_operators,
    upkeep.redrive_dead_letters,
    notice_api.send_notices,
    charging_platform_upkeep.sweep_missed_sessions,
    retention_upkeep.reconcile,
    charging_platform_upkeep.take_over_sites,
    retention_upkeep.purge,
    upkeep.measure,
)
MONTH: Final = timedelta(days=30)
_PLATFORM_PAGE: Final = 100


def operations() -> list[Figure]:
    """Everything that `counts` counts, as figures."""
    return figures_of(counts())


def figures_of(counted: Iterable[Counted]) -> list[Figure]:
    """Storage operations for each, and what else of it is not zero."""
    return [figure for each in counted for figure in _figures(each)]


def counts() -> list[Counted]:
    """What each thing costs while the configuration is in the caches, what it costs when it is not, what becomes of a
    session afterwards, and what the timers cost with nothing to do, for one operator and for one more.
    """
    return asyncio.run(_counts())


def runs_a_month(timer: Any) -> int:
    """How often a timer runs in thirty days."""
    return round(MONTH / _interval(timer))


def timer_name(timer: Any) -> str:
    """The name of its function."""
    return str(timer._function.get_function_name())


async def _counts() -> list[Counted]:
    with tempfile.TemporaryDirectory() as certificates:
        async with serving(certificates=Path(certificates)) as sandbox:
            found = await _of_drivers_and_sessions(sandbox)
            found += await _of_the_time_after(sandbox)
            one, two = await _of_timers(sandbox, COSTED), await _of_timers(sandbox, COSTED, METERED)
    return found + one + [difference(f"{a.name}, each further operator", b, a) for a, b in zip(one, two, strict=True)]


async def _of_drivers_and_sessions(sandbox: RunningSandbox) -> list[Counted]:
    async with town(sandbox, COSTED) as costed:
        days = Days(costed, COSTED)
        found = [await days.contract(1, name="contract event: activated")]
        found.append(await days.contract(1, rfid="04FFFFFFFF", name="contract event: another RFID"))
        found.append(await days.contract(2, name="contract event: activated, caches run out", cold=True))
        found += await days.session("session, costed")
        found += await days.session("session, costed, caches run out", cold=True)
        found.append(await days.retry())
    async with town(sandbox, METERED) as metered:
        found += await Days(metered, METERED).session("session, meter values")
    return found


async def _of_the_time_after(sandbox: RunningSandbox) -> list[Counted]:
    """What a session costs once it is delivered: what many cost more than few, so that pages count as they do among
    many.
    """
    night = _share(await _night(sandbox, 15), await _night(sandbox, 5), among=10)
    many, few = await _later(sandbox, 10 + _PLATFORM_PAGE), await _later(sandbox, 10)
    sweep, log, rest = zip(many, few, strict=True)
    return [
        night,
        _share(*log, among=_PLATFORM_PAGE),
        _share(*rest, among=_PLATFORM_PAGE),
        _share(*sweep, among=1),
    ]


async def _night(sandbox: RunningSandbox, sessions: int) -> Counted:
    """The night after so many sessions is over."""
    async with town(sandbox, COSTED) as later:
        days = Days(later, COSTED)
        for _ in range(sessions):
            await days.play()
        later.clock.at = datetime(2026, 1, 16, 1, 30, tzinfo=UTC)  # 02:30 in Oslo
        night = await later.counting("session: reconciled in its night", lambda: later.run(retention_upkeep.reconcile))
    if night[Measure.CALLS] != sessions:
        raise RuntimeError(f"{night[Measure.CALLS]:g} lines were asked for, not {sessions}")
    return night


async def _later(sandbox: RunningSandbox, sessions: int) -> tuple[Counted, Counted, Counted]:
    """A sweep through so many sessions of the last hours, all of which are known; then they go, the log first."""
    async with town(sandbox, COSTED) as later:
        days = Days(later, COSTED)
        for _ in range(sessions):
            await later.list_at_platform(COSTED, await days.play())

        async def sweep() -> None:
            await later.run(charging_platform_upkeep.sweep_missed_sessions)

        async def purge() -> None:
            await later.run(retention_upkeep.purge)

        await sweep()
        later.clock.move(minutes=10)
        swept = await later.counting(f"sweep: each page of {_PLATFORM_PAGE} sessions beyond the first", sweep)
        later.clock.move(days=401)
        log = await later.counting("session: its log purged after LogRetention", purge)
        later.clock.move(days=7 * 366)
        rest = await later.counting("session: all else purged after LineRetention", purge)
    return swept, log, rest


async def _of_timers(sandbox: RunningSandbox, *operators: DemoOperator) -> list[Counted]:
    """Runs with nothing to do, on schedule, each timer in a process of its own as far as caches go: an hour of what
    runs more often than that, else two days.
    """
    found = []
    async with town(sandbox, *operators) as quiet:
        for who in operators:
            await Days(quiet, who).play()
        quiet.clock.move(days=20)
        for timer in TIMERS:
            await quiet.run(timer)
            await quiet.run(timer)
            interval = _interval(timer)
            runs = round((timedelta(hours=1) if interval < timedelta(hours=1) else timedelta(days=2)) / interval)
            found.append(
                await quiet.counting(f"idle run of {timer_name(timer)}", _on_schedule(quiet, timer, runs), times=runs)
            )
    return found


def _on_schedule(quiet: Town, timer: Any, runs: int) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        for _ in range(runs):
            quiet.clock.at = croniter(schedule_of(timer), quiet.clock.at, second_at_beginning=True).get_next(datetime)
            await quiet.run(timer)

    return work


def _interval(timer: Any) -> timedelta:
    runs = croniter(schedule_of(timer), datetime(2026, 1, 1), second_at_beginning=True)  # noqa: DTZ001  only their distance
    first: datetime = runs.get_next(datetime)
    following: datetime = runs.get_next(datetime)
    return following - first


def _share(many: Counted, few: Counted, *, among: int) -> Counted:
    return Counted(name=many.name, tally={each: (many[each] - few[each]) / among for each in Measure}, sample=among)


def _figures(counted: Counted) -> Iterator[Figure]:
    yield Figure(
        name=f"{counted.name}: storage operations",
        value=counted.storage_operations,
        unit="operations",
        sample=counted.sample,
    )
    for measure in Measure:
        if measure not in STORAGE_OPERATIONS and counted[measure]:
            unit = "bytes" if measure in BYTES else measure.value.split(" ", maxsplit=1)[0]
            yield Figure(name=f"{counted.name}: {measure}", value=counted[measure], unit=unit, sample=counted.sample)
