"""`python -m local.service_bus` as a program, and what comes over the wire that is not a client of the SDK."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from local.service_bus import connection_string, serving
from local.service_bus.codec import Symbol, UInt, UShort, decode
from local.service_bus.frames import AMQP_HEADER, ATTACH, BEGIN, CLOSE, EMPTY_FRAME, FLOW, OPEN, frame
from tests.stack.service_bus_support import TOPOLOGY, finds_nothing, running_bus, take

PROJECT = Path(__file__).parents[2]


@contextlib.asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "local.service_bus",
        *arguments,
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def port_of(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert "deliveries" in line
    return int(line.split("127.0.0.1:")[1].split(":")[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_the_projects_topology_until_it_is_told_to_stop(number: signal.Signals) -> None:
    def event(body: str, service_type: str, name: str) -> ServiceBusMessage:
        return ServiceBusMessage(body, application_properties={"ServiceType": service_type, "EventName": name})

    async with started("--port", "0") as process:
        port = await port_of(process)
        async with ServiceBusClient.from_connection_string(connection_string(port=port)) as client:
            sender = client.get_topic_sender("utilitycloudcontracteventstest")
            receiver = client.get_subscription_receiver("utilitycloudcontracteventstest", "connector")
            async with sender, receiver:
                await sender.send_messages(
                    [
                        event("wanted", "ChargingAgreement", "ContractActivated"),
                        event("other type", "Grid", "ContractActivated"),
                        event("other event", "ChargingAgreement", "ContractMoved"),
                        ServiceBusMessage("says nothing"),
                    ]
                )
                messages = await take(receiver, 2)
                assert [str(message) for message in messages] == ["wanted", "says nothing"]
                for message in messages:
                    await receiver.complete_message(message)
                assert await finds_nothing(receiver)
        _, still_connected = await asyncio.open_connection("127.0.0.1", port)
        process.send_signal(number)
        assert await process.wait() == 0  # who is still connected is not waited for
        still_connected.close()


async def test_a_taken_port_is_named_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with started("--port", str(port)) as process:
            output, errors = await process.communicate()
            assert process.returncode == 1
            assert output == b""
            assert f"port {port} on 127.0.0.1 is taken" in errors.decode()


async def test_a_faulty_configuration_is_refused_with_its_path(tmp_path: Path) -> None:
    file = tmp_path / "Config.json"
    file.write_text((PROJECT / "local/service_bus/Config.json").read_text().replace('"Sql"', '"SqlFilter"'))
    async with started("--port", "0", "--config", str(file)) as process:
        _, errors = await process.communicate()
        assert process.returncode == 1
        assert "Topics.0.Subscriptions.0.Rules.0.Properties.FilterType" in errors.decode()


NONSENSE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"AMQP\x00\x00\x09\x01",
    AMQP_HEADER + b"\x00\x00\x00\x10\x02\x00\x00\x00\x00\x53\x10\xff\xff\xff\xff\xff",
    AMQP_HEADER + b"\x00\x00\x00\x0c\x02\x00\x00\x00\xc0\x09\x04\xa1",
    AMQP_HEADER + frame(0, BEGIN, [None, UInt(0), UInt(9), UInt(9)]) + frame(0, ATTACH, []),
)


async def test_a_client_that_talks_nonsense_is_dropped_and_nobody_else() -> None:
    async with running_bus() as bus:
        sender = await bus.sender("plain")
        for nonsense in NONSENSE:
            reader, writer = await asyncio.open_connection("127.0.0.1", bus.broker.port)
            writer.write(nonsense)
            async with asyncio.timeout(30):
                answer = await reader.read()
            writer.close()
            assert bytes((0x53, CLOSE)) in answer, nonsense
        await sender.send_messages(ServiceBusMessage("unharmed"))


async def test_the_broker_ends_although_a_client_stays() -> None:
    async with asyncio.timeout(30):
        async with serving(topology=TOPOLOGY) as broker:
            reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
            writer.write(AMQP_HEADER)
            assert await reader.readexactly(8) == AMQP_HEADER
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()


async def test_a_client_that_wants_to_hear_the_broker_hears_it_and_gets_its_echo() -> None:
    """The SDK asks for neither; the client of the real Functions host does."""
    async with running_bus() as bus:
        reader, writer = await asyncio.open_connection("127.0.0.1", bus.broker.port)
        writer.write(AMQP_HEADER)
        writer.write(frame(0, OPEN, ["me", None, UInt(65536), UShort(9), UInt(100), None, [Symbol("en")]]))
        writer.write(frame(3, BEGIN, [None, UInt(0), UInt(9), UInt(9)]))
        writer.write(frame(3, FLOW, [UInt(0), UInt(9), UInt(0), UInt(9), None, None, None, None, False, True]))
        kinds: list[int] = []
        async with asyncio.timeout(30):
            assert await reader.readexactly(8) == AMQP_HEADER
            while len(kinds) < 3:
                head = await reader.readexactly(8)
                rest = await reader.readexactly(int.from_bytes(head[:4]) - 8)
                if rest:
                    kinds.append(decode(rest, 0)[0].descriptor)
            assert kinds == [OPEN, BEGIN, FLOW]
            assert await reader.readexactly(8) == EMPTY_FRAME
            assert await reader.readexactly(8) == EMPTY_FRAME
        writer.close()
