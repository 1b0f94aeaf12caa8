"""A receiver of the local Functions host leaves no socket open, wherever in its opening the broker hangs up."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusError

from local.functions_host.service_bus_trigger import _opened
from local.service_bus import QueueSettings, Topology, serving

TOPOLOGY = Topology(queues=(QueueSettings(name="deliveries"),))


@asynccontextmanager
async def hanging_up(*, after: int, to: int) -> AsyncIterator[int]:
    """The port of a way to the broker on which so many of its answers come through, and then nothing."""

    async def serve(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        broker, to_broker = await asyncio.open_connection("127.0.0.1", to)

        async def ask() -> None:
            while data := await client.read(1 << 16):
                to_broker.write(data)

        asking = asyncio.create_task(ask())
        for _ in range(after):
            to_client.write(await broker.read(1 << 16))
        await broker.read(1)
        asking.cancel()
        to_client.close()
        to_broker.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("after", range(5))
async def test_a_broker_that_hangs_up_while_a_receiver_opens_leaves_no_socket_open(after: int) -> None:
    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always")
        async with serving(topology=TOPOLOGY) as broker, hanging_up(after=after, to=broker.port) as port:
            address = broker.connection_string.replace(str(broker.port), str(port))
            async with ServiceBusClient.from_connection_string(address, retry_total=0) as client:
                with suppress(ServiceBusError):
                    async with _opened(client.get_queue_receiver("deliveries")):
                        pytest.fail("it cannot be opened")
        gc.collect()
    assert [str(each.message) for each in left_open if each.category is ResourceWarning] == []
