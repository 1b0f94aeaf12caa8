"""What the timers of deliveries ask of storage when nothing is due and nobody is blocked: pinned."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from functions import deliveries
from local.sandbox import RunningSandbox
from tests.unit.sessions.platform_messages import OTHER_GLN, stop_message
from tests.unit.sessions.world import World, world
from tests.unit.test_operations_counted import CountedRows

BUCKETS = 4


@pytest.fixture
async def idle(sandbox: RunningSandbox) -> AsyncIterator[tuple[World, CountedRows, CountedRows]]:
    """Two operators, a delivered line, and caches that are warm."""
    ledger, configuration = CountedRows(), CountedRows()
    async with world(ledger=ledger, configuration=configuration, sandbox=sandbox) as town:
        await town.operator(default_tariff_id="flat")
        await town.operator(OTHER_GLN, default_tariff_id="flat")
        await town.tariff("flat")
        await town.contract()
        await town.settled(stop_message(transactionId="1"))
        await town.deliver_asked()
        await _run(deliveries.retry_deliveries)
        await _run(deliveries.probe_blocked_operators)
        ledger.operations.clear()
        configuration.operations.clear()
        ledger.rows_returned = 0
        yield town, ledger, configuration


async def _run(timer: Any) -> None:
    await timer._function.get_user_function()(None)


async def test_what_is_due_is_one_small_query_for_each_operator_and_bucket_and_a_lease(
    idle: tuple[World, CountedRows, CountedRows],
) -> None:
    _, ledger, configuration = idle
    await _run(deliveries.retry_deliveries)
    assert ledger.operations == {"query": 2 * BUCKETS}
    assert ledger.rows_returned == 0
    assert configuration.operations == {"read": 1, "commit": 2}  # the lease: looked at, taken, given back


async def test_nobody_blocked_is_one_query_for_all_operators_and_a_lease(
    idle: tuple[World, CountedRows, CountedRows],
) -> None:
    _, ledger, configuration = idle
    await _run(deliveries.probe_blocked_operators)
    assert ledger.operations == {}
    assert configuration.operations == {"query": 1, "read": 1, "commit": 2}
