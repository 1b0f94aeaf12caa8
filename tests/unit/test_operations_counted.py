"""What a session costs in storage operations, pinned: growth is a decision, not an accident."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local.sandbox import RunningSandbox
from shared.delivery import DeliveryState
from shared.operators import Mode, Rehearsal
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Row
from tests.unit.sessions.other_side import running_sandbox
from tests.unit.sessions.platform_messages import (
    CHARGER,
    GLN,
    STARTED,
    TAG,
    readings_message,
    start_message,
    stop_message,
)
from tests.unit.sessions.world import World, world

MANY = 10_000
QUESTION = {"charger_id": CHARGER, "rfid_tag_id": TAG}


class CountedRows(MemoryRows):
    """Rows that count what is asked of them: reads, queries and commits."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: Counter[str] = Counter()
        self.rows_returned = 0

    async def read(self, **what: Any) -> Any:
        """Counted."""
        self.operations["read"] += 1
        return await super().read(**what)

    async def query(self, **what: Any) -> Any:
        """Counted."""
        self.operations["query"] += 1
        found = await super().query(**what)
        self.rows_returned += len(found)
        return found

    async def commit(self, **what: Any) -> Any:
        """Counted."""
        self.operations["commit"] += 1
        return await super().commit(**what)


class CountedWorld:
    """A world whose configuration is in the caches, and what its ledger was asked for."""

    def __init__(self, town: World, rows: CountedRows, configuration: CountedRows) -> None:
        self.town = town
        self.rows = rows
        self.configuration = configuration

    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """What was asked of the ledger in the block."""
        counted: Counter[str] = Counter()
        before = self.rows.operations.copy()
        yield counted
        counted.update(self.rows.operations - before)

    async def stop(self, session_id: str) -> None:
        """A session stops and becomes a line."""
        await self.town.settled(stop_message(transactionId=session_id))


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """The sandbox, in a thread of its own."""
    with running_sandbox(tmp_path_factory.mktemp("certificates")) as running:
        yield running


@pytest.fixture(params=[0, MANY], ids=["nothing stored", "10,000 sessions stored"])
async def counted(request: pytest.FixtureRequest, sandbox: RunningSandbox) -> AsyncIterator[CountedWorld]:
    """A world with warm caches, without and with a history."""
    rows, configuration = CountedRows(), CountedRows()
    async with world(ledger=rows, configuration=configuration, sandbox=sandbox) as town:
        await town.operator(default_tariff_id="flat")
        await town.tariff("flat")
        await town.contract()
        warm = CountedWorld(town, rows, configuration)
        await warm.stop("warm")
        await town.deliver_asked()
        await town.wiring.background.settle()
        if request.param:
            await _history(town, rows)
        yield warm


HISTORY: dict[str, dict[str, Row]] = {}
"""The rows of many delivered sessions by their partition, made once."""


async def _history(town: World, rows: CountedRows) -> None:
    """Copies of the rows of one delivered session under other ids: faster than to let them all happen."""
    operator = await town.wiring.directory.operator(GLN)
    assert operator is not None
    template = [row for row in rows._partitions[operator.home.partition("warm")].rows.values() if "warm" in row.key]
    for number in range(0 if HISTORY else MANY):
        name = f"old{number:06d}"
        for row in template:
            key = row.key.replace("warm", name)
            copy = Row(key=key, text=row.text.replace("warm", name), version="0")
            HISTORY.setdefault(operator.home.partition(name), {})[key] = copy
    for partition, old in HISTORY.items():
        held = rows._partitions[partition]
        held.rows.update(old)
        held.keys = sorted(held.rows)
    assert sum(len(held.rows) for held in rows._partitions.values()) > MANY * 10


async def test_the_acknowledgement_of_a_stop_takes_four_operations(counted: CountedWorld) -> None:
    with counted.counting() as asked:
        await counted.stop("1")
    assert asked == {"query": 1, "read": 2, "commit": 1}
    assert asked.total() <= 6


async def test_the_same_stop_again_takes_two(counted: CountedWorld) -> None:
    await counted.stop("1")
    with counted.counting() as asked:
        assert (await counted.town.say(stop_message(transactionId="1"))).document["status"] == "duplicate"
    assert asked == {"query": 1, "commit": 1}


async def test_a_rehearsal_beside_meter_values_costs_no_operation_more(counted: CountedWorld) -> None:
    await counted.town.operator(mode=Mode.METER_VALUE, rehearsal=Rehearsal(mode=Mode.COSTED_TRANSACTION))
    with counted.counting() as asked:
        await counted.stop("1")
    assert asked == {"query": 1, "read": 2, "commit": 1}
    assert (await counted.town.story("1")).comparison is not None


async def test_a_delivery_that_arrives_takes_three(counted: CountedWorld) -> None:
    await counted.stop("1")
    with counted.counting() as asked:
        assert await counted.town.deliver("1") is DeliveryState.DELIVERED
    assert asked == {"read": 1, "commit": 2}


async def test_a_whole_session_takes_twelve_at_most(counted: CountedWorld) -> None:
    town = counted.town
    with counted.counting() as asked:
        await town.say(start_message(transactionId="1"))
        await town.say(readings_message((STARTED.replace(minute=30), 190_000), session_id="1"))
        await counted.stop("1")
        town.asked.requests.clear()
        await town.deliver("1")
    assert asked == {"read": 6, "query": 1, "commit": 5}
    assert asked.total() <= 12


async def test_a_session_that_was_asked_for_takes_nine(counted: CountedWorld) -> None:
    town = counted.town
    town.clock.at = STARTED
    await town.say(QUESTION)
    await town.wiring.background.settle()
    town.clock.move(hours=3)
    with counted.counting() as asked:
        await town.say(start_message(transactionId="1"))
        await town.say(readings_message((STARTED.replace(minute=30), 190_000), session_id="1"))
        await counted.stop("1")
        town.asked.requests.clear()
        await town.deliver("1")
    assert asked == {"read": 3, "query": 1, "commit": 5}


async def test_a_question_takes_two_point_reads_and_nobody_waits_for_a_write(counted: CountedWorld) -> None:
    with counted.counting() as asked:
        assert (await counted.town.say(QUESTION)).document["charging_allowed"] is True
    assert asked == {"read": 2}
    with counted.counting() as noted:
        await counted.town.wiring.background.settle()
    assert noted == {"commit": 1}


async def test_a_measurement_takes_one(counted: CountedWorld) -> None:
    with counted.counting() as asked:
        await counted.town.say(readings_message((STARTED.replace(minute=30), 190_000), session_id="1"))
    assert asked == {"commit": 1}


async def test_a_timer_with_nothing_to_do_takes_one_small_query_for_each_bucket(counted: CountedWorld) -> None:
    before = counted.rows.rows_returned
    with counted.counting() as asked:
        assert await counted.town.wiring.due_work.run() == 0
    assert asked == {"query": 4}
    assert counted.rows.rows_returned == before


async def test_a_line_is_looked_up_with_one_query_and_no_more_rows_than_are_its_own(counted: CountedWorld) -> None:
    operator = await counted.town.operator()
    before = counted.rows.rows_returned
    with counted.counting() as asked:
        found = await counted.town.wiring.lines.line(home=operator.home, transaction_id="warm")
    assert found is not None
    assert asked == {"query": 1}
    assert counted.rows.rows_returned - before == 4  # session, line, delivery, attempt


async def test_the_configuration_is_not_read_for_each_session(counted: CountedWorld) -> None:
    before = counted.configuration.operations.copy()
    for session_id in ("1", "2"):
        await counted.town.say(start_message(transactionId=session_id))
        await counted.stop(session_id)
        await counted.town.deliver(session_id)
    assert counted.configuration.operations == before
