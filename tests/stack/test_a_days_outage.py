"""After a day without Utility Cloud 10,000 lines wait: they leave at a bounded rate, and nobody new waits for them.

The sandbox is a process of its own; rows are in memory, so that making the backlog does not take longer than the test.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from local.sandbox import RunningSandbox
from local.stack import SANDBOX, running
from shared.delivery import DeliveryState
from shared.delivery.lanes import BACKLOG_ATTEMPTS_A_SECOND
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Upsert
from tests.unit.sessions.platform_messages import GLN, STARTED, stop_message, utc
from tests.unit.sessions.world import World, world

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

WAITING = 10_000
NEW_EACH_SECONDS = 0.25
P99_OF_DRAINING = 1 / 20  # who stood behind the backlog would wait for all of it
TEMPLATE = "outage"


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """The sandbox in a process of its own: it must not take the time of those who deliver."""
    state = tmp_path_factory.mktemp("outage")
    with running(only={SANDBOX}, state=state) as stack:
        yield RunningSandbox(
            url=stack.sandbox_url,
            tls_url=f"https://localhost:{stack.ports.sandbox_tls}",
            ca_bundle=state / "certificates" / "ca.pem",
        )


@pytest.fixture
async def town(sandbox: RunningSandbox) -> AsyncIterator[World]:
    """An operator that Utility Cloud refuses, with one line that waits for the end of that."""
    ledger = MemoryRows()
    async with world(ledger=ledger, sandbox=sandbox) as town:
        await town.operator(default_tariff_id="flat")
        await town.tariff("flat")
        await town.contract()
        await town.fault("invoice-line", "status", status=401)
        await town.settled(stop_message(transactionId=TEMPLATE))
        assert await town.deliver(TEMPLATE) is DeliveryState.BLOCKED
        await _many_like_it(town, ledger)
        await town.forget_sandbox()
        yield town


async def test_10000_lines_drain_at_the_bounded_rate_while_new_ones_are_delivered_at_once(town: World) -> None:
    town.asked.is_away = True  # what is new is delivered by its own call below
    started = time.monotonic()
    assert await town.wiring.probing.probe(GLN)
    draining = asyncio.create_task(town.wiring.background.settle(), name="draining")
    latencies: list[float] = []
    while not draining.done():
        latencies.append(await _delivered(town, f"new-{len(latencies)}", minute=len(latencies)))
        await asyncio.wait({draining}, timeout=NEW_EACH_SECONDS)
    seconds = time.monotonic() - started
    arrived = [line["transactionId"] for line in await town.arrived()]
    waited = [name for name in arrived if name.startswith(TEMPLATE)]
    assert len(waited) == len(set(waited)) == WAITING
    assert len(arrived) == len(set(arrived)) == WAITING + len(latencies)
    latencies.sort()
    p99 = latencies[int(len(latencies) * 0.99)]
    print(  # noqa: T201  the figures are what this is for
        f"\n{WAITING} waiting lines drained in {seconds:.0f} s ({WAITING / seconds:.0f} a second, at most "
        f"{BACKLOG_ATTEMPTS_A_SECOND}); of {len(latencies)} new ones from stop to line: median "
        f"{latencies[len(latencies) // 2]:.3f} s, p99 {p99:.3f} s, slowest {latencies[-1]:.3f} s"
    )
    assert WAITING / seconds < BACKLOG_ATTEMPTS_A_SECOND * 1.05
    assert len(latencies) >= 100
    assert p99 < seconds * P99_OF_DRAINING


async def _many_like_it(town: World, ledger: MemoryRows) -> None:
    """The rows of the blocked delivery again under other ids, written as any other."""
    operator = await town.wiring.directory.operator(GLN)
    assert operator is not None
    found = await ledger.query(partition=operator.home.partition(TEMPLATE), first="", before="~~~")
    rows = [row for row in found if TEMPLATE in row.key]
    for number in range(WAITING - 1):
        name = f"{TEMPLATE}{number:05d}"
        changes = [Upsert(key=row.key.replace(TEMPLATE, name), text=row.text.replace(TEMPLATE, name)) for row in rows]
        await ledger.commit(partition=operator.home.partition(name), changes=changes)


async def _delivered(town: World, session_id: str, *, minute: int) -> float:
    """Seconds from the stop of a new session to its line at Utility Cloud."""
    started = time.monotonic()
    charger = f"NEW_{minute}"
    await town.settled(stop_message(transactionId=session_id, chargerId=charger, deviceTimeStampStart=utc(STARTED)))
    assert await town.deliver(session_id) is DeliveryState.DELIVERED
    return time.monotonic() - started
