"""A thousand lines leave within seconds, for a Utility Cloud that takes 50 ms for each: the figure is printed.

How long it took says as much about the machine, and about what else it does. What is held to is the time that it took
of a processor, beside what taking in the same sessions took: on idle ones the rest is waiting, sixteen at once.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.functions.servicebus import ServiceBusMessage

from functions import deliveries
from local.sandbox import RunningSandbox
from tests.unit.sessions.platform_messages import GLN, stop_message
from tests.unit.sessions.world import World, world

pytestmark = pytest.mark.long

LINES = 1_000
MOST_OF_TAKING_IN = 4  # it is about as much
HANDLERS = 16  # what host.json gives a process
READY = re.compile(r"charging platform (\S+), Entra (\S+) \(trust (.+)\)")


@pytest.fixture(scope="module")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """The sandbox in a process of its own: it must not take time from the one that is measured."""
    command = [sys.executable, "-m", "local.sandbox", "--port", "0", "--tls-port", "0", "--certificates"]
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [*command, str(tmp_path_factory.mktemp("certificates"))], stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        try:
            assert process.stdout is not None
            ready = READY.search(process.stdout.readline())
            assert ready is not None
            yield RunningSandbox(url=ready[1], tls_url=ready[2], ca_bundle=Path(ready[3]))
        finally:
            process.terminate()


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A world in which so many lines wait, and how many seconds of a processor it took until they did."""

    town: World
    taking_in: float


@pytest.fixture
async def waiting(sandbox_process: RunningSandbox) -> AsyncIterator[Waiting]:
    """See there."""
    async with world(sandbox=sandbox_process) as made:
        await made.operator(default_tariff_id="flat")
        await made.tariff("flat")
        await made.contract()
        started = time.process_time()
        for number in range(LINES):
            await made.settled(stop_message(transactionId=number))
        taking_in = time.process_time() - started
        made.asked.requests.clear()
        await made.fault("invoice-line", "delay", seconds=0.05)
        yield Waiting(town=made, taking_in=taking_in)


async def _by_the_timer(town: World) -> None:
    town.clock.move(seconds=30)
    assert await town.wiring.due_work.run() == LINES


async def _by_the_queue(town: World) -> None:
    waiting = iter(range(LINES))
    handle = deliveries.deliver._function.get_user_function()

    async def handler() -> None:
        for number in waiting:
            body = {"gln": GLN, "sessionId": str(number), "transactionId": str(number)}
            await handle(
                ServiceBusMessage(
                    body=json.dumps(body).encode(), message_id="1", application_properties={}, user_properties={}
                )
            )

    await asyncio.gather(*(handler() for _ in range(HANDLERS)))
    await town.wiring.background.settle()
    town.clock.move(seconds=30)
    await town.wiring.due_work.run()  # on a slow machine some waited for so long that they are the timer's


@pytest.mark.parametrize("way", [_by_the_timer, _by_the_queue])
async def test_a_thousand_lines_leave_within_seconds(
    waiting: Waiting, way: Callable[[World], Awaitable[None]], record_property: Callable[[str, object], None]
) -> None:
    started, used = time.perf_counter(), time.process_time()
    await way(waiting.town)
    took, used = time.perf_counter() - started, time.process_time() - used
    record_property("seconds", took)
    name = way.__name__.strip("_").replace("_", " ")
    figures = f"{took:.1f} s, {used:.1f} s of a processor; taking them in: {waiting.taking_in:.1f} s of a processor"
    print(f"{LINES} lines {name}: {figures}")  # noqa: T201  figures for whoever reads the run
    arrived = [line["transactionId"] for line in await waiting.town.arrived()]
    assert len(arrived) == len(set(arrived)) == LINES
    assert used < MOST_OF_TAKING_IN * waiting.taking_in
