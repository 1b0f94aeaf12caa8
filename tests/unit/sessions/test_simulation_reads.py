"""A simulation writes nothing, reads little at once, and lets others run."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from shared.faults import ContinuationUnreadable, StorageUnavailable
from shared.sessions import SimulationRunning
from tests.unit.sessions.platform_messages import (
    BEFORE,
    TAG,
)
from tests.unit.sessions.recorded import (
    HeldStories,
    put_tariff_document,
    recorded_session,
    running_simulation,
    simulated,
    simulated_one,
    spot_tariff,
)
from tests.unit.sessions.world import World, world
from tests.unit.sessions.world_parts import YieldingRows


async def test_nothing_is_written_logged_counted_or_delivered() -> None:
    ledger, configuration = Watched(), Watched()
    async with _watched(ledger, configuration) as seen:
        await recorded_session(seen, 1)
        await seen.wiring.background.settle()
        before = await _traces(seen)
        ledger.asked.clear()
        configuration.asked.clear()
        assert len((await simulated(seen, "flat")).items) == 1
        assert len((await simulated_one(seen, "flat", "1")).items) == 1
        await seen.wiring.background.settle()
        assert ledger.asked["commit"] == configuration.asked["commit"] == 0
        assert await _traces(seen) == before


async def _traces(town: World) -> tuple[object, ...]:
    return (
        dict(town.wiring.counts.as_mapping()),
        list(town.asked.requests),
        await town.story("1"),
        await town.log(),
    )


async def test_it_takes_one_query_a_session_and_one_a_bucket() -> None:
    ledger, configuration = Watched(), Watched()
    async with _watched(ledger, configuration) as seen:
        for number in range(40):
            await recorded_session(seen, number + 1, minutes=number)
        operator = await seen.operator()
        await simulated(seen, "flat", limit=1)  # the configuration is in the caches now
        ledger.asked.clear()
        configuration.asked.clear()
        assert len((await simulated(seen, "flat")).items) == 40
        assert ledger.asked == {"query": 40 + operator.home.buckets}
        assert configuration.asked == {}
        ledger.asked.clear()
        await simulated_one(seen, "flat", "7")
        assert ledger.asked == {"query": 1}
        assert configuration.asked == {}


async def test_stories_are_read_sixteen_at_once_and_never_more() -> None:
    ledger = Watched()
    async with _watched(ledger, YieldingRows()) as seen:
        for number in range(40):
            await recorded_session(seen, number + 1, minutes=number)
        ledger.most = 0
        await simulated(seen, "flat")
        assert ledger.most == 16


async def test_others_are_served_between_two_sessions(town: World) -> None:
    for number in range(20):
        await recorded_session(town, number + 1, minutes=number)
    turns = 0

    async def somebody_else() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    priced_at: list[int] = []

    class Noted:
        async def spot_day(self, *asked: Any) -> Any:
            priced_at.append(turns)
            return await town.wiring.directory.spot_day(*asked)

        def __getattr__(self, name: str) -> Any:
            return getattr(town.wiring.directory, name)

    await put_tariff_document(town, spot_tariff("spot"))
    town.wiring.simulation = replace(town.wiring.simulation, catalogue=Noted())
    waiting = asyncio.create_task(somebody_else())
    assert (await simulated(town, "spot")).sum.not_priced == 20
    waiting.cancel()
    assert len(priced_at) == 20
    assert all(later > earlier for earlier, later in pairwise(priced_at))


async def test_of_many_sessions_one_simulation_runs_at_a_time(town: World) -> None:
    await recorded_session(town, 1)
    async with running_simulation(town, "flat"):
        with pytest.raises(SimulationRunning, match="another simulation runs: try again"):
            await simulated(town, "flat")
        assert len((await simulated_one(town, "flat", "1")).items) == 1
    assert len((await simulated(town, "flat")).items) == 1


async def test_one_that_failed_or_was_given_up_is_in_nobodys_way(town: World) -> None:
    await recorded_session(town, 1)
    with pytest.raises(ContinuationUnreadable):
        await simulated(town, "flat", continuation="nonsense")
    held = HeldStories(town.wiring.simulation.stories)
    town.wiring.simulation = replace(town.wiring.simulation, stories=held)
    given_up = asyncio.create_task(simulated(town, "flat"))
    await held.is_asked.wait()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    held.go_on.set()
    assert len((await simulated(town, "flat")).items) == 1


async def test_when_storage_goes_away_it_ends_and_leaves_nothing_running() -> None:
    ledger = Watched()
    async with _watched(ledger, YieldingRows()) as seen:
        for number in range(30):
            await recorded_session(seen, number + 1, minutes=number)
        running = asyncio.all_tasks()
        ledger.away_after = 12
        async with asyncio.timeout(30):
            with pytest.raises(StorageUnavailable):
                await simulated(seen, "flat")
        assert asyncio.all_tasks() == running


class Watched(YieldingRows):
    """Rows that count what is asked of them and how much at once. After `away_after` more queries one fails, and those
    that follow get no answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.away_after: int | None = None
        self.at_once = 0
        self.most = 0

    async def read(self, **what: Any) -> Any:
        """See `Rows.read`."""
        self.asked["read"] += 1
        return await super().read(**what)

    async def query(self, **what: Any) -> Any:
        """See `Rows.query`."""
        self.asked["query"] += 1
        if self.away_after is not None:
            self.away_after -= 1
            if self.away_after < -1:
                await asyncio.Event().wait()
            if self.away_after == -1:
                raise StorageUnavailable(detail="away")
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            for _ in range(5):
                await asyncio.sleep(0)
            return await super().query(**what)
        finally:
            self.at_once -= 1

    async def commit(self, **what: Any) -> Any:
        """See `Rows.commit`."""
        self.asked["commit"] += 1
        return await super().commit(**what)


@asynccontextmanager
async def _watched(ledger: YieldingRows, configuration: YieldingRows) -> AsyncIterator[World]:
    async with world(ledger=ledger, configuration=configuration) as made:
        await made.operator(default_tariff_id="flat")
        await made.tariff("flat")
        await made.contract(at=BEFORE, rfid=TAG)
        yield made
