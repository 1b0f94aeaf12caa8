"""Service Bus functions against a real broker over AMQP: each message is handled, settled, and never lost."""

import asyncio
import base64
import json
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender
from azure.servicebus.amqp import AmqpAnnotatedMessage

from local.service_bus import Broker, QueueSettings, SubscriptionSettings, TopicSettings, Topology, serving
from tests.stack.functions_host_sample.running_host import SAMPLE, RunningHost, running_host

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUEUE, TOPIC, SUBSCRIPTION = "deliveries", "contracts", "connector"
MAX_DELIVERIES = 3


def _topology(*, lock: timedelta = timedelta(minutes=1)) -> Topology:
    queue = QueueSettings(name=QUEUE, max_delivery_count=MAX_DELIVERIES, lock_duration=lock)
    subscription = SubscriptionSettings(name=SUBSCRIPTION, max_delivery_count=MAX_DELIVERIES)
    return Topology(queues=(queue,), topics=(TopicSettings(name=TOPIC, subscriptions=(subscription,)),))


async def _until(condition: Callable[[], Coroutine[Any, Any, object]], *, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.02)


@dataclass(frozen=True, kw_only=True)
class Stack:
    broker: Broker
    host: RunningHost
    http: httpx.AsyncClient
    opened: dict[str, tuple[ServiceBusClient, ServiceBusSender | ServiceBusReceiver]] = field(default_factory=dict)

    async def _open[Handler: (ServiceBusSender, ServiceBusReceiver)](
        self, purpose: str, make: Callable[[ServiceBusClient], Handler]
    ) -> Handler:
        """Kept open from one use to the next: opening takes half a second, closing one."""
        if purpose not in self.opened:
            client = ServiceBusClient.from_connection_string(self.broker.connection_string)
            self.opened[purpose] = client, await make(client).__aenter__()
        return cast(Handler, self.opened[purpose][1])

    async def hang_up(self) -> None:
        """To be done before the broker cuts connections: the SDK would leave the sockets open."""
        await asyncio.gather(*(client.close() for client, _ in self.opened.values()))
        self.opened.clear()

    async def send(self, *messages: ServiceBusMessage | AmqpAnnotatedMessage) -> None:
        sender = await self._open("send", lambda client: client.get_queue_sender(QUEUE))
        for message in messages:
            await sender.send_messages(message)

    async def publish(self, message: ServiceBusMessage) -> None:
        sender = await self._open("publish", lambda client: client.get_topic_sender(TOPIC))
        await sender.send_messages(message)

    async def receive(self) -> list[ServiceBusReceivedMessage]:
        receiver = await self._open("receive", lambda client: client.get_queue_receiver(QUEUE))
        received = await receiver.receive_messages(max_message_count=1, max_wait_time=30)
        for message in received:
            await receiver.complete_message(message)
        return received

    async def runs(self, message_id: str) -> list[dict[str, Any]]:
        """What the handlers were given under this message id, in order."""
        seen = (await self.http.get("/api/seen")).json()
        return [message for message in seen["messages"] if message["messageId"] == message_id]

    async def waiting(self) -> int:
        return len((await self.http.get("/api/seen")).json()["atTheGate"])

    async def in_queue(self) -> list[ServiceBusReceivedMessage]:
        receiver = await self._open("peek", lambda client: client.get_queue_receiver(QUEUE))
        return await receiver.peek_messages(max_message_count=50, sequence_number=1)

    async def in_subscription(self) -> list[ServiceBusReceivedMessage]:
        receiver = await self._open(
            "peek subscription", lambda client: client.get_subscription_receiver(TOPIC, SUBSCRIPTION)
        )
        return await receiver.peek_messages(max_message_count=50, sequence_number=1)

    async def dead_letter(self, message_id: str) -> ServiceBusReceivedMessage | None:
        receiver = await self._open(
            "peek dead", lambda client: client.get_queue_receiver(QUEUE, sub_queue=ServiceBusSubQueue.DEAD_LETTER)
        )
        dead = await receiver.peek_messages(max_message_count=50, sequence_number=1)
        return next((message for message in dead if message.message_id == message_id), None)

    async def is_empty(self) -> bool:
        return not await self.in_queue()

    async def stop(self) -> int:
        """The host's exit code. The broker goes on in this loop meanwhile."""
        return await asyncio.to_thread(self.host.stop)


@asynccontextmanager
async def _host_on(broker: Broker, *, log_folder: Path, app: Path = SAMPLE) -> AsyncIterator[Stack]:
    starting = running_host(log_folder=log_folder, settings={"SampleServiceBus": broker.connection_string}, app=app)
    host = await asyncio.to_thread(starting.__enter__)
    try:
        async with httpx.AsyncClient(base_url=host.url, timeout=60) as http:
            stack = Stack(broker=broker, host=host, http=http)
            yield stack
            await stack.hang_up()
    finally:
        await asyncio.to_thread(starting.__exit__, None, None, None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with (
        serving(topology=_topology()) as broker,
        _host_on(broker, log_folder=tmp_path_factory.mktemp("host")) as running,
    ):
        yield running


def _message(body: bytes, **more: Any) -> tuple[ServiceBusMessage, str]:
    message_id = str(uuid4())
    return ServiceBusMessage(body, message_id=message_id, **more), message_id


async def test_a_handled_message_is_gone(stack: Stack) -> None:
    message, message_id = _message(
        b'{"Header": {}}',
        subject="ContractActivated",
        correlation_id="correlation",
        content_type="application/json",
        time_to_live=timedelta(minutes=90),
        application_properties={"EventName": "Æ", "Attempt": 3, "Live": True},
    )

    await stack.send(message)

    await _until(lambda: stack.runs(message_id))
    await _until(stack.is_empty)
    [run] = await stack.runs(message_id)
    assert base64.b64decode(run["body"]) == b'{"Header": {}}'
    assert (run["subject"], run["label"]) == ("ContractActivated", "ContractActivated")
    assert (run["correlationId"], run["contentType"]) == ("correlation", "application/json")
    assert run["userProperties"] == {"EventName": "Æ", "Attempt": 3, "Live": True}
    assert run["applicationProperties"] == run["userProperties"]
    assert run["deliveryCount"] == 1
    assert run["sequenceNumber"] > 0
    assert run["lockToken"]
    assert run["timeToLive"] == 90 * 60
    enqueued = datetime.fromisoformat(run["enqueuedTime"])
    assert abs(datetime.now(UTC) - enqueued) < timedelta(seconds=20)
    assert datetime.fromisoformat(run["expires"]) == enqueued + timedelta(minutes=90)


async def test_a_message_of_a_topic_comes_through_its_subscription(stack: Stack) -> None:
    message, message_id = _message(b"event", time_to_live=timedelta(days=3))

    await stack.publish(message)

    await _until(lambda: stack.runs(message_id))
    [run] = await stack.runs(message_id)
    assert run["function"] == "from_topic"
    assert run["userProperties"] == {}
    assert run["timeToLive"] is None

    async def settled() -> bool:
        return not await stack.in_subscription()

    await _until(settled)


async def test_a_message_that_always_fails_ends_in_the_dead_letter_queue(stack: Stack) -> None:
    poison, poison_id = _message(b"raise")
    good, good_id = _message(b"good")

    await stack.send(poison)
    await stack.send(good)

    await _until(lambda: stack.dead_letter(poison_id))
    dead = await stack.dead_letter(poison_id)
    assert dead is not None
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert [run["deliveryCount"] for run in await stack.runs(poison_id)] == [1, 2, 3]
    assert [run["deliveryCount"] for run in await stack.runs(good_id)] == [1]
    assert (
        stack.host.log().count("Function from_queue failed: RuntimeError('this message is poison')") == MAX_DELIVERIES
    )
    assert stack.host.log().count("RuntimeError: this message is poison") == 1  # the way to it is told once


@pytest.mark.parametrize("body", [b"\xff\xfe\x00\x80", b"", "Åse".encode(), b'"json"'])
async def test_every_body_arrives_byte_for_byte(stack: Stack, body: bytes) -> None:
    message, message_id = _message(body)

    await stack.send(message)

    await _until(lambda: stack.runs(message_id))
    assert base64.b64decode((await stack.runs(message_id))[0]["body"]) == body


async def test_a_body_that_the_trigger_cannot_read_is_dead_lettered_and_said(stack: Stack) -> None:
    message_id = str(uuid4())
    await stack.send(AmqpAnnotatedMessage(value_body={"not": "data"}, properties={"message_id": message_id}))

    await _until(lambda: stack.dead_letter(message_id))
    assert await stack.runs(message_id) == []
    assert f"Function from_queue failed: message {message_id} has a body of type" in stack.host.log()


async def test_sixteen_messages_are_handled_at_once_and_no_more(stack: Stack) -> None:
    sent = [_message(b"wait") for _ in range(20)]

    await stack.send(*(message for message, _ in sent))

    async def sixteen() -> bool:
        return await stack.waiting() == 16

    await _until(sixteen)
    assert len(await stack.in_queue()) == 20
    assert await stack.waiting() == 16

    async def let_through() -> bool:
        await stack.http.post("/api/gate")
        return await stack.is_empty()

    await _until(let_through)
    assert [len(await stack.runs(message_id)) for _, message_id in sent] == [1] * 20


async def test_the_lock_is_renewed_while_the_handler_runs(tmp_path: Path) -> None:
    message, message_id = _message(b"wait")
    async with (
        serving(topology=_topology(lock=timedelta(seconds=8))) as broker,  # opening the way to renew takes of it
        _host_on(broker, log_folder=tmp_path) as stack,
    ):
        await stack.send(message)
        await _until(stack.waiting)
        [held] = await stack.in_queue()
        first = held.enqueued_time_utc
        assert first is not None

        async def past_the_first_renewal() -> bool:
            return datetime.now(UTC) - first > timedelta(seconds=8 + 8 / 2 + 0.5)

        await _until(past_the_first_renewal)
        await stack.http.post("/api/gate")
        await _until(stack.is_empty)
        runs = await stack.runs(message_id)

    assert [run["deliveryCount"] for run in runs] == [1]


async def test_a_lock_is_renewed_no_longer_than_host_json_allows(tmp_path: Path) -> None:
    app = tmp_path / "app"
    shutil.copytree(SAMPLE, app)
    host_json = json.loads((app / "host.json").read_text())
    host_json["extensions"]["serviceBus"]["maxAutoLockRenewalDuration"] = "00:00:01"
    (app / "host.json").write_text(json.dumps(host_json))
    message, message_id = _message(b"wait")
    async with (
        serving(topology=_topology(lock=timedelta(seconds=1))) as broker,
        _host_on(broker, log_folder=tmp_path, app=app) as stack,
    ):
        await stack.send(message)

        async def delivered_again() -> bool:
            return len(await stack.runs(message_id)) >= 2

        await _until(delivered_again)
        await stack.http.post("/api/gate")

        async def said() -> bool:
            return f"message {message_id} lost its lock" in stack.host.log()

        await _until(said)


async def test_it_goes_on_when_the_broker_comes_back(tmp_path: Path) -> None:
    before, before_id = _message(b"before")
    after, after_id = _message(b"after")
    async with serving(topology=_topology()) as first:
        port = first.port
        starting = _host_on(first, log_folder=tmp_path)
        stack = await starting.__aenter__()
        await stack.send(before)
        await _until(lambda: stack.runs(before_id))
        await stack.hang_up()

    async def missed() -> bool:
        return stack.host.log().count("cannot receive") == 2

    await _until(missed)
    async with serving(topology=_topology(), port=port):
        await stack.send(after)
        await _until(lambda: stack.runs(after_id))
        await stack.stop()
        log = stack.host.log()
        await starting.__aexit__(None, None, None)

    assert log.count("Function from_queue receives from deliveries") == 2
    assert log.count("Function from_queue cannot receive from deliveries, trying again: ") == 1
    assert "Traceback" not in log
    assert "ResourceWarning" not in log


async def test_a_cut_connection_loses_no_message(tmp_path: Path) -> None:
    message, message_id = _message(b"wait")
    async with (
        serving(topology=_topology(lock=timedelta(seconds=2))) as broker,
        _host_on(broker, log_folder=tmp_path) as stack,
    ):
        await stack.send(message)
        await _until(stack.waiting)
        await stack.hang_up()
        broker.drop_connections()

        async def let_through() -> bool:
            await stack.http.post("/api/gate")
            return await stack.is_empty()

        await _until(let_through)
        runs = await stack.runs(message_id)
        await stack.stop()
        log = stack.host.log()

    assert runs
    assert "Traceback" not in log
    assert "ResourceWarning" not in log


async def test_a_handler_may_finish_when_the_host_stops_and_nothing_new_is_taken(tmp_path: Path) -> None:
    message, message_id = _message(b"nap")
    another, another_id = _message(b"for somebody else")
    async with serving(topology=_topology()) as broker, _host_on(broker, log_folder=tmp_path) as stack:
        await stack.send(message)
        await _until(lambda: stack.runs(message_id))
        code = await stack.stop()
        await stack.send(another)
        [received] = await stack.receive()
        await _until(stack.is_empty)
        log = stack.host.log()

    assert code == 0
    assert (received.message_id, received.delivery_count) == (another_id, 0)
    assert "are stopped" not in log
    assert "ResourceWarning" not in log


async def test_what_does_not_finish_in_time_is_given_back(tmp_path: Path) -> None:
    message, message_id = _message(b"wait")
    async with serving(topology=_topology()) as broker, _host_on(broker, log_folder=tmp_path) as stack:
        await stack.send(message)
        await _until(stack.waiting)
        code = await stack.stop()
        [given_back] = await stack.receive()
        log = stack.host.log()

    assert code == 0
    assert (given_back.message_id, given_back.delivery_count) == (message_id, 1)
    assert "Traceback" not in log
    assert "ResourceWarning" not in log
