"""What the tests of the embedded broker share: a topology with every feature, and a clock that can be moved."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from azure.servicebus import ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender

from local.service_bus import Broker, QueueSettings, SubscriptionSettings, TopicSettings, Topology, serving
from local.service_bus.rules import CorrelationRule, SqlRule

TOPOLOGY = Topology(
    queues=(
        QueueSettings(name="plain", time_to_live=timedelta(hours=1), dead_letter_expired=True),
        QueueSettings(name="impatient", max_delivery_count=3),
        QueueSettings(name="unique", duplicate_window=timedelta(minutes=1)),
    ),
    topics=(
        TopicSettings(
            name="events",
            subscriptions=(
                SubscriptionSettings(
                    name="contracts",
                    rules=(SqlRule("$Default", "EventName IN ('Activated', 'Ended') AND sys.Label LIKE 'no-%'"),),
                ),
                SubscriptionSettings(name="north", rules=(CorrelationRule("north", {"Label": "no-1"}, {"Zone": 4}),)),
                SubscriptionSettings(name="all"),
            ),
        ),
    ),
)


@dataclass(slots=True)
class MovableClock:
    """The real time, and as far ahead as the test has moved it. The SDK keeps looking at the real one."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Bus:
    """A broker of one test, the SDK's client, and the senders and receivers that the test opens."""

    def __init__(self, *, broker: Broker, clock: MovableClock) -> None:
        self.broker = broker
        self._clock = clock
        self._client = new_client(broker)
        self._handlers: list[ServiceBusSender | ServiceBusReceiver] = []

    def let_pass(self, duration: timedelta) -> None:
        """What falls due in that time has happened when this returns."""
        self._clock.ahead += duration.total_seconds()
        self.broker.advance()

    async def sender(self, entity: str) -> ServiceBusSender:
        """To a queue or a topic: the SDK makes no difference on the wire."""
        return await self._opened(self._client.get_queue_sender(entity))

    async def receiver(self, entity: str, *, dead_letters: bool = False, **options: Any) -> ServiceBusReceiver:
        """Of a queue, or of a subscription given as `topic/subscription`."""
        if dead_letters:
            options["sub_queue"] = ServiceBusSubQueue.DEAD_LETTER
        if "/" in entity:
            topic, subscription = entity.split("/")
            return await self._opened(self._client.get_subscription_receiver(topic, subscription, **options))
        return await self._opened(self._client.get_queue_receiver(entity, **options))

    async def _opened[Handler: (ServiceBusSender, ServiceBusReceiver)](self, handler: Handler) -> Handler:
        self._handlers.append(handler)
        return await handler.__aenter__()

    async def close(self) -> None:
        await asyncio.gather(*[handler.close() for handler in self._handlers])
        await self._client.close()


def new_client(broker: Broker) -> ServiceBusClient:
    return ServiceBusClient.from_connection_string(broker.connection_string, retry_total=0)


@asynccontextmanager
async def running_bus(topology: Topology = TOPOLOGY) -> AsyncIterator[Bus]:
    clock = MovableClock()
    async with serving(topology=topology, clock=clock) as broker:
        bus = Bus(broker=broker, clock=clock)
        try:
            yield bus
        finally:
            await bus.close()


async def take(receiver: ServiceBusReceiver, count: int = 1) -> list[ServiceBusReceivedMessage]:
    """Exactly so many, or the test's timeout."""
    taken: list[ServiceBusReceivedMessage] = []
    while len(taken) < count:
        taken += await receiver.receive_messages(max_message_count=count - len(taken), max_wait_time=5)
    return taken


async def finds_nothing(receiver: ServiceBusReceiver) -> bool:
    return await receiver.receive_messages(max_wait_time=0.2) == []


async def is_empty(receiver: ServiceBusReceiver) -> bool:
    """Neither available nor locked messages. Without the number the SDK peeks only behind what it has received."""
    return await receiver.peek_messages(sequence_number=1) == []
