"""The embedded broker and the synchronous SDK, which blocks its thread: the broker runs in the loop beside it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import (
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceivedMessage,
    ServiceBusReceiver,
    ServiceBusSender,
    ServiceBusSubQueue,
)
from azure.servicebus.exceptions import MessageLockLostError, MessageNotFoundError, MessagingEntityNotFoundError

from local.service_bus import serving
from tests.stack.service_bus_support import TOPOLOGY


class Bus:
    """The SDK's client with what a test opens through it; all closed together, for each takes up to a second."""

    def __init__(self, client: ServiceBusClient) -> None:
        self._client = client
        self._handlers: list[ServiceBusSender | ServiceBusReceiver] = []

    def sender(self, entity: str) -> ServiceBusSender:
        handler = self._client.get_queue_sender(entity)
        self._handlers.append(handler)
        return handler

    def receiver(self, queue: str, *, dead_letters: bool = False) -> ServiceBusReceiver:
        sub_queue = ServiceBusSubQueue.DEAD_LETTER if dead_letters else None
        handler = self._client.get_queue_receiver(queue, sub_queue=sub_queue)
        self._handlers.append(handler)
        return handler

    def subscriber(self, topic: str, subscription: str) -> ServiceBusReceiver:
        handler = self._client.get_subscription_receiver(topic, subscription)
        self._handlers.append(handler)
        return handler

    def close(self) -> None:
        with ThreadPoolExecutor(max_workers=len(self._handlers)) as pool:
            for closing in [pool.submit(handler.close) for handler in self._handlers]:
                closing.result()
        self._client.close()


async def beside_a_broker(journey: Callable[[Bus], None]) -> None:
    async with serving(topology=TOPOLOGY) as broker:

        def run() -> None:
            bus = Bus(ServiceBusClient.from_connection_string(broker.connection_string, retry_total=0))
            try:
                journey(bus)
            finally:
                bus.close()

        await asyncio.to_thread(run)


def take(receiver: ServiceBusReceiver, count: int = 1) -> list[ServiceBusReceivedMessage]:
    """Exactly so many, or the test's timeout."""
    taken: list[ServiceBusReceivedMessage] = []
    while len(taken) < count:
        taken += receiver.receive_messages(max_message_count=count - len(taken), max_wait_time=5)
    return taken


async def test_every_way_of_settling() -> None:
    def journey(bus: Bus) -> None:
        sender, receiver, dead = bus.sender("plain"), bus.receiver("plain"), bus.receiver("plain", dead_letters=True)
        sender.send_messages([ServiceBusMessage(body) for body in ("done", "again", "poison")])
        done, again, poison = take(receiver, 3)
        receiver.complete_message(done)
        receiver.abandon_message(again)
        receiver.dead_letter_message(poison, reason="because", error_description="of this")
        (back,) = take(receiver)
        assert (str(back), back.delivery_count) == ("again", 1)
        assert receiver.renew_message_lock(back) > datetime.now(UTC)
        receiver.complete_message(back)
        assert receiver.peek_messages(sequence_number=1) == []
        (letter,) = dead.peek_messages()
        assert (str(letter), letter.dead_letter_reason) == ("poison", "because")
        (letter,) = take(dead)
        assert letter.dead_letter_error_description == "of this"
        dead.complete_message(letter)
        assert dead.peek_messages(sequence_number=1) == []

    await beside_a_broker(journey)


async def test_what_is_refused() -> None:
    def journey(bus: Bus) -> None:
        sender, receiver = bus.sender("plain"), bus.receiver("plain")
        sender.send_messages(ServiceBusMessage("there"))
        (there,) = receiver.peek_messages()
        with pytest.raises(MessageNotFoundError):
            receiver.receive_deferred_messages(there.sequence_number or 0)
        (message,) = take(receiver)
        token = message.lock_token
        receiver.complete_message(message)
        with pytest.raises(MessageLockLostError):
            # The public call looks at its own notes first, and would not ask the broker.
            receiver._renew_locks(token)  # type: ignore[arg-type]  # it passes the UUID itself
        with pytest.raises(MessagingEntityNotFoundError):
            take(bus.receiver("nowhere"))

    await beside_a_broker(journey)


async def test_topics_scheduling_and_a_large_message() -> None:
    def journey(bus: Bus) -> None:
        body = b"\xe2" * 900_000
        sender = bus.sender("events")
        contracts, everything = bus.subscriber("events", "contracts"), bus.subscriber("events", "all")
        sender.send_messages(ServiceBusMessage(body, subject="no-1", application_properties={"EventName": "Activated"}))
        for receiver in (contracts, everything):
            (large,) = take(receiver)
            assert b"".join(large.body) == body
            receiver.complete_message(large)
        soon = datetime.now(UTC) + timedelta(milliseconds=400)
        sender.schedule_messages([ServiceBusMessage("soon"), ServiceBusMessage("soon too")], soon)
        assert [str(message) for message in take(everything, 2)] == ["soon", "soon too"]
        assert datetime.now(UTC) >= soon
        (number,) = sender.schedule_messages(ServiceBusMessage("never"), soon + timedelta(hours=1))
        sender.cancel_scheduled_messages(number)
        with pytest.raises(MessageNotFoundError):
            sender.cancel_scheduled_messages(number)

    await beside_a_broker(journey)


async def test_receivers_in_threads_get_each_message_once() -> None:
    count = 120
    seen: list[str] = []

    def journey(bus: Bus) -> None:
        bus.sender("plain").send_messages([ServiceBusMessage(str(number)) for number in range(count)])

        def work(receiver: ServiceBusReceiver) -> None:
            while len(seen) < count:
                for message in receiver.receive_messages(max_message_count=7, max_wait_time=1):
                    receiver.complete_message(message)
                    seen.append(str(message))

        receivers = [bus.receiver("plain") for _ in range(4)]
        with ThreadPoolExecutor() as pool:
            for working in [pool.submit(work, receiver) for receiver in receivers]:
                working.result()
        assert receivers[0].peek_messages(sequence_number=1) == []

    await beside_a_broker(journey)
    assert sorted(seen, key=int) == [str(number) for number in range(count)]
