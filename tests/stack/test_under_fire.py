"""The real stack while its parts are killed, cut off, paused and refused: each session becomes one line, once."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import psutil
import pytest

from local.stack import FUNCTIONS, SERVICE_BUS, TABLES, Ports, running
from tests.stack.fire import Fire, ended_sessions, on_fire
from tests.stack.whole_stack import SETTINGS, WholeStack

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

SEED = 20_260_115
QUICK_RETRIES = {**SETTINGS, "DeliveryRetrySchedule": "PT1S,PT2S,PT4S"}
KILLS = 5
AZURITE_AWAY_SECONDS = 60
# Whoever was killed while sending is given up for dead after two minutes.
DUST_SECONDS = 180
MOST_OF_TAKING_IN = 1.5  # it is about half
LINES_AT_ONCE = 1_000
CORES = psutil.cpu_count() or 2
UTILITY_CLOUD_SECONDS = 0.05
SANDBOX_FAULTS = (
    {"target": "invoice-line", "kind": "status", "status": 500, "times": 7},
    {"target": "invoice-line", "kind": "cut-after-store", "times": 7, "method": "POST"},
    {"target": "invoice-line", "kind": "status", "status": 429, "retryAfter": 2, "times": 7},
    {"target": "invoice-line", "kind": "delay", "seconds": 1.5, "times": 7},
    {"target": "invoice-line", "kind": "cut-before-store", "times": 7},
    {"target": "token", "kind": "status", "status": 503, "times": 2},
)


@pytest.fixture
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    """A stack of its own, because parts of it die here."""
    with running(state=tmp_path_factory.mktemp("fire"), in_memory_tables=True, settings=QUICK_RETRIES) as stack:
        whole = WholeStack(stack)
        try:
            yield whole
        finally:
            whole.close()


@pytest.fixture
async def fire(whole: WholeStack) -> AsyncIterator[Fire]:
    """Who sends to it."""
    async with on_fire(whole) as fire:
        yield fire


async def test_500_sessions_arrive_once_each_whatever_dies_hangs_or_refuses_meanwhile(fire: Fire) -> None:
    chance = random.Random(SEED)  # noqa: S311  repeatable, not secret
    sessions = iter(ended_sessions(500, tag=fire.tag, name="fire", chance=chance))
    runner = fire.whole.stack.runner

    async def meanwhile(count: int, trouble: Callable[[], Awaitable[None]], *, pause: float) -> None:
        some = [next(sessions) for _ in range(count)]
        for fault in SANDBOX_FAULTS:
            await fire.fault(**fault)
        await asyncio.gather(fire.arrive(some, pause=pause), trouble())

    async def kill_the_host() -> None:
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.3, 2))
            await asyncio.to_thread(runner.kill, FUNCTIONS)
            await asyncio.to_thread(runner.start, FUNCTIONS)
            fire.counts["kills of the host"] += 1

    async def restart_the_broker() -> None:
        for _ in range(2):
            await asyncio.sleep(1)
            await asyncio.to_thread(runner.stop, SERVICE_BUS)
            await asyncio.sleep(1)
            await asyncio.to_thread(runner.start, SERVICE_BUS)
            fire.counts["restarts of the broker"] += 1

    async def refuse_the_credential() -> None:
        await fire.clear_faults()
        await fire.fault(target="invoice-line", kind="status", status=401)
        while not await fire.listed("blocked", limit=1):  # noqa: ASYNC110  the host cannot call back
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        fire.counts["blockades"] += 1
        await fire.clear_faults()

    async def pause_azurite() -> None:
        runner.pause(TABLES)
        try:
            await asyncio.sleep(AZURITE_AWAY_SECONDS)
        finally:
            runner.resume(TABLES)
        fire.counts["seconds of Azurite paused"] += AZURITE_AWAY_SECONDS

    await meanwhile(200, kill_the_host, pause=0.3)
    await meanwhile(100, restart_the_broker, pause=0.3)
    await meanwhile(100, pause_azurite, pause=0.1)
    await meanwhile(100, refuse_the_credential, pause=0.05)
    await fire.clear_faults()
    waited = await fire.dust_settles(within=DUST_SECONDS)
    await fire.each_arrived_once()
    said = {**fire.counts, "attempts": dict(await fire.attempts()), "asked": dict(await fire.requests())}
    print(f"\n500 sessions, 500 lines, the dust settled after {waited:.0f} s: {said}")  # noqa: T201  what was done
    assert fire.counts["kills of the host"] == KILLS
    assert fire.counts["requests unanswered"] > 0
    assert fire.counts["requests answered 503"] > 0


async def test_two_hosts_on_the_same_tables_queue_and_timers_deliver_nothing_twice(whole: WholeStack) -> None:
    stack, chance = whole.stack, random.Random(SEED)  # noqa: S311  repeatable, not secret
    second = replace(stack.ports, functions=Ports.free().functions)
    with running(
        only={FUNCTIONS},
        ports=second,
        state=stack.state,
        settings=stack.settings,
        admin_key=stack.platform_admin_key,
    ) as other:
        async with on_fire(whole, stack.functions_url, other.functions_url) as fire:
            for fault in SANDBOX_FAULTS:
                await fire.fault(**{**fault, "times": 15})
            sessions = ended_sessions(200, tag=fire.tag, name="two", chance=chance)

            async def at_both(several: list[int]) -> None:
                for number in several:
                    fire.sent.append(sessions[number])
                    said = await asyncio.gather(
                        fire.say(sessions[number], first_host=0), fire.say(sessions[number], first_host=1)
                    )
                    assert sorted(said) == ["duplicate", "settled"]

            arriving = asyncio.gather(*(at_both(list(range(lane, 200, 8))) for lane in range(8)))
            while not arriving.done():
                await fire.run_timers()
                await asyncio.wait({arriving}, timeout=0.5)
            await arriving
            await fire.dust_settles(within=DUST_SECONDS)
            await fire.each_arrived_once()
            said = {**fire.counts, "attempts": dict(await fire.attempts()), "asked": dict(await fire.requests())}
            print(f"\ntwo hosts, 200 sessions, 200 lines: {said}")  # noqa: T201  what was done


async def test_1000_waiting_lines_leave_and_take_little_of_the_cores(fire: Fire) -> None:
    """On two idle cores it takes ten seconds at most, which is printed. On others it is held to what taking in the same
    sessions took, in seconds of the cores: what other programs take meanwhile is no time of ours.
    """
    await fire.fault(target="token", kind="status", status=401)
    started, spent = time.monotonic(), Spent(fire.whole.stack.runner.pids())
    sessions = ended_sessions(LINES_AT_ONCE, tag=fire.tag, name="wait", chance=random.Random(SEED))  # noqa: S311  as above
    await fire.arrive(sessions, at_once=16)
    taken_in, taking_in = time.monotonic() - started, spent.by_name()
    async with asyncio.timeout(120):
        while await fire.listed("pending", limit=1) or await fire.listed("sending", limit=1):
            await fire.run_timers("retry_deliveries")
            await asyncio.sleep(0.5)
    await fire.clear_faults()
    await fire.fault(target="invoice-line", kind="delay", seconds=UTILITY_CLOUD_SECONDS)
    spent, began = Spent(fire.whole.stack.runner.pids()), datetime.now(UTC)
    await fire.run_timers("probe_blocked_operators")
    seconds = (await fire.until_lines(LINES_AT_ONCE, within=120) - began).total_seconds()
    ours, others = spent.by_name(), spent.by_others()
    undisturbed = max(seconds - others / CORES, *ours.values())  # one process has one core
    await fire.dust_settles(within=60)
    await fire.each_arrived_once()
    print(  # noqa: T201  the figures are what this is for
        f"\n{LINES_AT_ONCE} sessions taken in within {taken_in:.1f} s, their lines delivered within {seconds:.1f} s, "
        f"{undisturbed:.1f} s without what others took; core seconds: {ours}, others {others:.1f}, for taking in "
        f"{taking_in}"
    )
    assert sum(ours.values()) < MOST_OF_TAKING_IN * sum(taking_in.values())


class Spent:
    """What processes and the whole machine spend of the cores, from now on, in seconds."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._ours = {name: psutil.Process(pid) for name, pid in pids.items()} | {"test": psutil.Process()}
        self._before = self._now()
        self._busy_before = self._busy()

    def by_name(self) -> dict[str, float]:
        """By each of the processes, and by this test."""
        return {name: round(seconds - self._before[name], 1) for name, seconds in self._now().items()}

    def by_others(self) -> float:
        """By everything else on this machine."""
        return max(self._busy() - self._busy_before - sum(self.by_name().values()), 0.0)

    def _now(self) -> dict[str, float]:
        return {name: sum(process.cpu_times()[:2]) for name, process in self._ours.items()}

    @staticmethod
    def _busy() -> float:
        times = psutil.cpu_times()
        return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))
