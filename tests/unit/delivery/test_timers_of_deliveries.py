"""The timers of deliveries run twice at once, or for long: nothing is done twice, and nobody waits for another."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from functions import deliveries
from local.sandbox import RunningSandbox
from shared.delivery import BlockKind, DeliveryState
from shared.operators import Entra
from shared.storage.memory_rows import MemoryRows
from shared.wiring import Wiring, use_wiring
from tests.unit.delivery.progress import another_process, blocked, configured, delivery_of
from tests.unit.sessions.platform_messages import GLN, NOW, OTHER_GLN, stop_message
from tests.unit.sessions.world import World, world


async def _retry_deliveries() -> None:
    await deliveries.retry_deliveries._function.get_user_function()(None)


async def _probe() -> None:
    await deliveries.probe_blocked_operators._function.get_user_function()(None)


async def _in(wiring: Wiring, work: Any) -> None:
    """Runs a timer's function in another process."""
    use_wiring(wiring)
    await work()


async def test_what_is_due_is_done_once_by_two_timers_at_once(connected: World) -> None:
    for number in range(20):
        await connected.settled(stop_message(transactionId=number))
    connected.clock.move(seconds=30)
    other = another_process(connected)
    here = asyncio.create_task(_retry_deliveries())
    await asyncio.sleep(0)
    there = asyncio.create_task(_in(other, _retry_deliveries))
    await asyncio.gather(here, there)
    use_wiring(connected.wiring)
    assert sorted(int(line["transactionId"]) for line in await connected.arrived()) == list(range(20))
    assert {(await delivery_of(connected, str(number))).attempts for number in range(20)} == {1}
    await other.aclose()


async def test_who_is_blocked_is_tried_once_by_two_timers_at_once(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=403)
    await connected.settled()
    await connected.deliver_asked()
    before = len(await connected.requests())
    other = another_process(connected)
    here = asyncio.create_task(_probe())
    await asyncio.sleep(0)
    await asyncio.gather(here, _in(other, _probe))
    use_wiring(connected.wiring)
    assert len(await connected.requests()) - before == 2
    assert await blocked(connected) is not None
    await other.aclose()


async def test_while_one_operators_work_takes_long_the_others_are_looked_after_by_the_one_who_has_the_lease(
    connected: World,
) -> None:
    await connected.operator(OTHER_GLN, default_tariff_id="flat")
    await connected.tariff("flat", gln=OTHER_GLN)
    await connected.contract(gln=OTHER_GLN)
    await connected.fault("invoice-line", "delay", seconds=20, gln=GLN)
    await connected.settled(stop_message(transactionId=1))
    connected.clock.move(seconds=30)
    long = asyncio.create_task(connected.wiring.due_work.run_until_nobody_is_busy(again_after_seconds=0.05))
    await connected.until_requested(1)
    await connected.settled(stop_message(transactionId=2), gln=OTHER_GLN)
    connected.clock.move(seconds=30)
    async with asyncio.timeout(15):
        while (await delivery_of(connected, "2", gln=OTHER_GLN)).state is not DeliveryState.DELIVERED:  # noqa: ASYNC110  storage does not call back
            await asyncio.sleep(0.01)
    assert not long.done()
    long.cancel()
    await asyncio.gather(long, return_exceptions=True)


class CountedRows(MemoryRows):
    """Rows that count what is asked of them."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: Counter[str] = Counter()

    async def read(self, **what: Any) -> Any:
        """Counted."""
        self.operations["read"] += 1
        return await super().read(**what)

    async def query(self, **what: Any) -> Any:
        """Counted."""
        self.operations["query"] += 1
        return await super().query(**what)

    async def commit(self, **what: Any) -> Any:
        """Counted."""
        self.operations["commit"] += 1
        return await super().commit(**what)


async def test_with_nothing_to_do_the_timers_cost_a_lease_and_one_small_query_for_each_bucket(
    sandbox: RunningSandbox,
) -> None:
    ledger, configuration = CountedRows(), CountedRows()
    async with world(ledger=ledger, configuration=configuration, sandbox=sandbox) as town:
        await town.operator()
        await _retry_deliveries()  # fills the caches
        ledger.operations.clear()
        configuration.operations.clear()
        await _retry_deliveries()
        assert ledger.operations == {"query": 4}
        assert configuration.operations == {"read": 1, "commit": 2}  # the lease: looked at, taken, given back
        ledger.operations.clear()
        configuration.operations.clear()
        await _probe()
        assert ledger.operations == {}
        assert configuration.operations == {"query": 1, "read": 1, "commit": 2}


async def test_what_a_crash_kept_from_the_log_is_told_by_the_next_run_and_never_twice(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=403)
    await connected.settled()
    operator = await connected.operator()
    # as if the process had died when the operator was blocked and the delivery not yet written
    await connected.wiring.blockades.block(
        operator=operator,
        kind=BlockKind.CREDENTIAL,
        reason="refused",
        transaction_id="1032427936",
        status=403,
    )
    assert await connected.log(action="operator-blocked") == []
    for _ in range(2):
        connected.clock.move(minutes=1)
        await _probe()
        await connected.wiring.background.settle()
        [entry] = await connected.log(action="operator-blocked")
        assert (entry["at"], entry["referenceId"]) == ("2026-01-16T08:00:00Z", "1032427936")
    await connected.deliver_asked()
    assert len(await connected.log(action="operator-blocked")) == 1


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(days=30, seconds=1), None),
        (timedelta(days=30), "expires in 30 days"),
        (timedelta(days=7), "expires in 7 days"),
        (timedelta(hours=5), "expires within two days"),
        (timedelta(0), "has expired"),
        (timedelta(days=-3), "has expired"),
    ],
)
async def test_a_secret_that_expires_soon_is_in_the_log_once_a_day(
    connected: World, left: timedelta, told: str | None
) -> None:
    operator = await connected.operator()
    assert operator.entra is not None
    await configured(connected, entra={"secretExpiresAt": (NOW + left).isoformat()})
    for _ in range(3):
        await _probe()
        await connected.restart()  # another process tells no second time
    entries = await connected.log(action="secret-expiring")
    assert len(entries) == (0 if told is None else 1)
    if told is not None:
        assert told in entries[0]["message"]
        connected.clock.move(days=1)
        await _probe()
        assert len(await connected.log(action="secret-expiring")) == 2


def test_without_a_date_nothing_expires() -> None:
    entra = Entra(directory_id="d", client_id="c", scope="s/.default")
    assert entra.expires_within(NOW) is None
