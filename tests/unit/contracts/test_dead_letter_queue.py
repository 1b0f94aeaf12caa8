"""The walk through the real SDK's dead-letter queue: what is done goes, what is not is there for the next walk."""

from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.amqp import AmqpAnnotatedMessage

from local.service_bus import SubscriptionSettings, TopicSettings, Topology, serving
from shared.clock import SystemClock
from shared.contracts import Envelope, ServiceBusDeadLetters
from shared.faults import StorageUnavailable

TOPIC, SUBSCRIPTION = "contracts", "connector"
TOPOLOGY = Topology(
    queues=(), topics=(TopicSettings(name=TOPIC, subscriptions=(SubscriptionSettings(name=SUBSCRIPTION),)),)
)


async def bury(client: ServiceBusClient, *messages: Any) -> None:
    """Publishes messages and dead-letters them."""
    async with client.get_topic_sender(TOPIC) as sender:
        for message in messages:
            await sender.send_messages(message)
    async with client.get_subscription_receiver(TOPIC, SUBSCRIPTION) as receiver:
        buried = 0
        while buried < len(messages):
            for received in await receiver.receive_messages(max_message_count=50, max_wait_time=5):
                await receiver.dead_letter_message(received, reason="test")
                buried += 1


@pytest.mark.long
async def test_a_walk_hands_each_message_over_once_and_what_ends_it_leaves_them_all_for_the_next() -> None:
    message = ServiceBusMessage(b'{"a":1}', message_id="m-1", subject="s", application_properties={"EventName": "E"})
    of_other_kinds = [
        AmqpAnnotatedMessage(value_body='{"a":2}'),
        AmqpAnnotatedMessage(value_body=b'{"a":2}'),
        AmqpAnnotatedMessage(data_body=[b'{"a"', b":2}"]),
        AmqpAnnotatedMessage(value_body={"a": 1}),
        AmqpAnnotatedMessage(value_body=5),
        AmqpAnnotatedMessage(sequence_body=[[1, "a"]]),
    ]
    many = [ServiceBusMessage(b"{}", message_id=f"n-{number}") for number in range(25)]
    async with (
        serving(topology=TOPOLOGY) as broker,
        ServiceBusClient.from_connection_string(broker.connection_string, retry_total=0) as client,
    ):
        await bury(client, message, *of_other_kinds, *many)
        walker = ServiceBusDeadLetters(client=client, topic=TOPIC, subscription=SUBSCRIPTION, clock=SystemClock())
        handled: list[Envelope] = []

        async def fail_at_the_third(envelope: Envelope) -> bool:
            handled.append(envelope)
            if len(handled) == 3:
                raise StorageUnavailable(detail="away")
            return len(handled) == 1

        with pytest.raises(StorageUnavailable):
            await walker.work_through(fail_at_the_third)
        first = handled.pop(0)
        assert (first.body, first.subject, first.message_id) == (b'{"a":1}', "s", "m-1")
        assert first.properties["EventName"] == "E"
        assert first.enqueued_at.tzinfo is not None
        handled.clear()

        async def carry_out_the_many(envelope: Envelope) -> bool:
            handled.append(envelope)
            return envelope.message_id.startswith("n-")

        assert await walker.work_through(carry_out_the_many) == (25, 6)
        assert len({envelope.sequence_number for envelope in handled}) == len(handled) == 31
        assert [envelope.body for envelope in handled[:6]] == [*[b'{"a":2}'] * 3, b"", b"", b""]
