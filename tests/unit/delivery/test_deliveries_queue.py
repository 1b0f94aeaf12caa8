"""The queue asks for an immediate attempt; what it cannot do is the timer's."""

import asyncio
import json
import threading
from typing import Any

import pytest
from azure.functions.servicebus import ServiceBusMessage

from functions import deliveries
from shared.delivery import AttemptRequestUnreadable, DeliveryState
from shared.faults import StorageUnavailable
from shared.operators import UtilityCloud
from shared.storage.memory_rows import MemoryRows
from tests.passing_time import let_pass
from tests.unit.delivery.odd_server import OddServer, answer, held
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN, stop_message
from tests.unit.sessions.world import World, world

ID = "1032427936"


async def _delivery(town: World, session_id: str = ID) -> Any:
    [delivery] = (await town.story(session_id)).deliveries
    return delivery


def _request(transaction_id: str = ID, gln: str = GLN) -> ServiceBusMessage:
    body = {"gln": gln, "sessionId": transaction_id, "transactionId": transaction_id}
    return _message(json.dumps(body).encode())


def _message(body: bytes) -> ServiceBusMessage:
    return ServiceBusMessage(body=body, message_id="1", application_properties={}, user_properties={})


async def _handled(message: ServiceBusMessage) -> None:
    await deliveries.deliver._function.get_user_function()(message)


async def test_the_queues_handler_delivers(connected: World) -> None:
    await connected.settled()
    await _handled(_request())
    assert (await _delivery(connected)).state is DeliveryState.DELIVERED
    await _handled(_request())  # told twice
    assert len(await connected.arrived()) == 1


async def test_the_queues_handlers_let_go_of_what_hangs_and_one_operator_never_has_all_of_them(
    connected: World, server: OddServer
) -> None:
    freed = threading.Event()
    server.answers += [held(freed, answer(201))] * 40
    await connected.operator(utility_cloud=UtilityCloud(invoice_line_url=server.url))
    await connected.operator(OTHER_GLN, default_tariff_id="flat")
    await connected.tariff("flat", gln=OTHER_GLN)
    await connected.contract(gln=OTHER_GLN)
    for number in range(40):
        await connected.settled(stop_message(transactionId=number))
    await connected.settled(stop_message(transactionId="other"), gln=OTHER_GLN)
    waiting = [asyncio.create_task(_handled(_request(str(number)))) for number in range(40)]
    await server.until_seen(16)
    assert sum(not task.done() for task in waiting) == 8  # half of the handlers; the rest took more on and went on
    await _handled(_request("other", gln=OTHER_GLN))
    [other] = (await connected.story("other", gln=OTHER_GLN)).deliveries
    assert other.state is DeliveryState.DELIVERED
    let_pass(deliveries.ATTEMPT_WAITED_FOR_SECONDS)
    await asyncio.gather(*waiting)  # before a single answer has come
    freed.set()
    await connected.wiring.background.settle()
    assert len(await connected.arrived()) == 1
    states = [(await _delivery(connected, str(number))).state for number in range(40)]
    assert states == [DeliveryState.DELIVERED] * 40


@pytest.mark.parametrize("transaction_id", ["unknown", ID])
async def test_the_queues_handler_passes_over_what_is_not_there(town: World, transaction_id: str) -> None:
    await _handled(_request(transaction_id))
    await _handled(_request(transaction_id, gln="7080000000029"))
    assert (await town.story()).session is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"gln": 1}', b"\xff", b"null"])
async def test_what_is_no_request_is_poison(town: World, body: bytes) -> None:
    with pytest.raises(AttemptRequestUnreadable):
        await _handled(_message(body))


class AwayRows(MemoryRows):
    """Rows that are away when told so."""

    is_away = False

    async def read(self, **what: Any) -> Any:
        """Raises StorageUnavailable while away."""
        if self.is_away:
            raise StorageUnavailable(detail="away")
        return await super().read(**what)

    async def query(self, **what: Any) -> Any:
        """The same."""
        if self.is_away:
            raise StorageUnavailable(detail="away")
        return await super().query(**what)


async def test_while_storage_is_away_a_request_is_left_to_the_timer_and_the_timer_waits() -> None:
    rows = AwayRows()
    async with world(ledger=rows) as town:
        await town.operator(default_tariff_id="flat")
        await town.tariff("flat")
        await town.contract()
        await town.settled()
        rows.is_away = True
        await _handled(_request())
        town.clock.move(seconds=30)
        assert await town.wiring.due_work.run() == 0
        rows.is_away = False
        assert await town.wiring.due_work.run() == 1
        assert (await _delivery(town)).attempts == 1
