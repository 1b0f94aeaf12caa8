"""The process dies at every storage step of a session's way, before it and after: one line arrives all the same."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from local.sandbox import RunningSandbox
from shared.delivery import DeliveryState
from shared.faults import StorageUnavailable
from shared.operators import Mode
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Change
from tests.unit.sessions.platform_messages import STARTED, readings_message, start_message, stop_message
from tests.unit.sessions.world import World, world

COMMITS = 8  # start, readings, stop, attempt, outcome, and the first of what is said once more


class Crash(BaseException):
    """The process is gone. Not an Exception: nothing may go on as if it had only failed."""


class MortalRows(MemoryRows):
    """Rows whose process dies, or whose store does not answer, at one commit: before it has happened or after."""

    def __init__(self, *, error: BaseException) -> None:
        super().__init__()
        self.error = error
        self.left: int | None = None
        self.happens = False
        self.seen = 0

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """Counted; the one that it is meant for goes wrong."""
        self.seen += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                if self.happens:
                    await super().commit(partition=partition, changes=changes)
                raise self.error
        return await super().commit(partition=partition, changes=changes)


READINGS = readings_message((STARTED.replace(minute=30), 190_000))


async def _way(town: World) -> None:
    """What the platform says, and what the queue then does."""
    for step in _steps(town):
        await step()


def _steps(town: World) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: town.say(start_message()),
        lambda: town.say(READINGS),
        lambda: town.say(stop_message()),
        town.deliver_asked,
    ]


async def _survived(town: World, step: Callable[[], Awaitable[object]]) -> None:
    """Does a step; if the process dies, another takes over, and what it was asked for is gone with it."""
    try:
        await step()
    except (Crash, StorageUnavailable):
        await town.restart()
        town.asked.requests.clear()


async def _whatever_happens(town: World) -> None:
    """The way once; then the platform says everything once more, and the timer runs."""
    for step in _steps(town):
        await _survived(town, step)
    town.asked.requests.clear()
    for step in _steps(town)[:3]:
        await _survived(town, step)
    for _ in range(6):
        town.asked.requests.clear()
        town.clock.move(minutes=3)
        await _survived(town, town.wiring.due_work.run)
    assert (await town.say(stop_message())).document["status"] == "duplicate"


async def _prepare(town: World, mode: Mode) -> None:
    await town.operator(default_tariff_id="flat", mode=mode)
    await town.tariff("flat")
    await town.contract()


async def test_a_way_without_a_crash_takes_so_many_commits(sandbox: RunningSandbox) -> None:
    rows = MortalRows(error=Crash())
    async with world(ledger=rows, sandbox=sandbox) as town:
        await _prepare(town, Mode.COSTED_TRANSACTION)
        rows.seen = 0
        await _way(town)
        assert rows.seen == COMMITS - 3
        assert len(await town.arrived()) == 1


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (Mode.COSTED_TRANSACTION, Crash()),
        (Mode.COSTED_TRANSACTION, StorageUnavailable(detail="no answer")),
        (Mode.METER_VALUE, Crash()),
    ],
    ids=["crash", "storage away", "crash of a series"],
)
@pytest.mark.parametrize("happens", [True, False], ids=["after the commit", "before the commit"])
@pytest.mark.parametrize("commit", range(COMMITS))
async def test_one_line_arrives_whatever_crashes(
    sandbox: RunningSandbox, commit: int, error: BaseException, happens: bool, mode: Mode
) -> None:
    rows = MortalRows(error=error)
    async with world(ledger=rows, sandbox=sandbox) as town:
        await _prepare(town, mode)
        rows.left, rows.happens = commit, happens
        await _whatever_happens(town)
        rows.left = None
        story = await town.story()
        [line], [delivery] = story.lines, story.deliveries
        assert delivery.state is DeliveryState.DELIVERED
        if mode is Mode.COSTED_TRANSACTION:
            assert [body["transactionId"] for body in await town.arrived()] == [line.transaction_id]
        else:
            arrived = await town.arrived("meter-values")
            assert 1 <= len(arrived) <= 2  # there is no asking whether a series arrived: the identical one goes again
            assert all(body == arrived[0] for body in arrived)


@pytest.mark.parametrize("fault", ["cut-before-store", "cut-after-store"])
@pytest.mark.parametrize("happens", [True, False], ids=["after the commit", "before the commit"])
@pytest.mark.parametrize("commit", range(3, COMMITS))
async def test_one_line_arrives_whatever_crashes_while_the_network_fails_too(
    sandbox: RunningSandbox, commit: int, happens: bool, fault: str
) -> None:
    rows = MortalRows(error=Crash())
    async with world(ledger=rows, sandbox=sandbox) as town:
        await _prepare(town, Mode.COSTED_TRANSACTION)
        await town.fault("invoice-line", fault, times=1)
        rows.left, rows.happens = commit, happens
        await _whatever_happens(town)
        for _ in range(4):
            town.clock.move(hours=1)
            await town.wiring.due_work.run()
        assert [body["transactionId"] for body in await town.arrived()] == ["1032427936"]
