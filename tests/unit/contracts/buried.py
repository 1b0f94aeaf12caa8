"""A real broker, and dead-letter queues that the tests fill."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusReceiveMode, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender

from local.service_bus import Broker, QueueSettings, SubscriptionSettings, TopicSettings, Topology, serving
from shared.clock import SystemClock
from shared.contracts import DeadLetter, ServiceBusDeadLetters
from tests.stack.service_bus_support import MovableClock

SUBSCRIPTION = "connector"
YARDS = 16
TOPOLOGY = Topology(
    queues=(QueueSettings(name="deliveries", lock_duration=timedelta(minutes=1)),),
    topics=tuple(
        TopicSettings(name=f"contracts-{number}", subscriptions=(SubscriptionSettings(name=SUBSCRIPTION),))
        for number in range(YARDS)
    ),
)


@dataclass(frozen=True, kw_only=True)
class Graveyard:
    """A dead-letter queue of a test's own, as the code under test sees it and as others do."""

    topic: str
    client: ServiceBusClient
    dead_letters: ServiceBusDeadLetters
    sender: ServiceBusSender
    digger: ServiceBusReceiver

    def new_dead_letters(self) -> ServiceBusDeadLetters:
        """As another process has them."""
        return ServiceBusDeadLetters(
            client=self.client, topic=self.topic, subscription=SUBSCRIPTION, clock=SystemClock()
        )

    async def bury(self, *messages: Any, reason: str = "test") -> None:
        """Publishes messages, in order, and has them given up."""
        for start in range(0, len(messages), 100):
            part = list(messages[start : start + 100])
            if all(isinstance(message, ServiceBusMessage) for message in part):
                await self.sender.send_messages(part)
            else:
                for message in part:
                    await self.sender.send_messages(message)
        buried = 0
        while buried < len(messages):
            wanted = min(250, len(messages) - buried)
            for received in await self.digger.receive_messages(max_message_count=wanted, max_wait_time=5):
                await self.digger.dead_letter_message(received, reason=reason)
                buried += 1

    def receiver(self, **options: Any) -> ServiceBusReceiver:
        """Somebody else at the same dead-letter queue."""
        return self.client.get_subscription_receiver(
            self.topic, SUBSCRIPTION, sub_queue=ServiceBusSubQueue.DEAD_LETTER, **options
        )

    async def letters(self) -> list[DeadLetter]:
        """What the walk finds."""
        return [letter async for letter in self.dead_letters.walk()]

    async def emptied(self, count: int) -> list[ServiceBusReceivedMessage]:
        """Receives so many, for good: what is locked does not come."""
        taken: list[ServiceBusReceivedMessage] = []
        async with self.receiver(receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE) as receiver:
            while len(taken) < count and (
                more := await receiver.receive_messages(max_message_count=count - len(taken), max_wait_time=20)
            ):
                taken += more
        return taken


class Graveyards:
    """One broker for many tests. What the SDK takes long to close is closed at the end, all at once."""

    def __init__(self, *, broker: Broker, clock: MovableClock, client: ServiceBusClient) -> None:
        self.broker = broker
        self.clock = clock
        self.client = client
        self._unused = [topic.name for topic in TOPOLOGY.topics]
        self._open: list[ServiceBusSender | ServiceBusReceiver] = []

    async def new(self) -> Graveyard:
        """An empty one."""
        topic = self._unused.pop()
        sender = self.client.get_topic_sender(topic)
        digger = self.client.get_subscription_receiver(topic, SUBSCRIPTION)
        self._open += [sender, digger]
        await asyncio.gather(sender.__aenter__(), digger.__aenter__())
        dead_letters = ServiceBusDeadLetters(
            client=self.client, topic=topic, subscription=SUBSCRIPTION, clock=SystemClock()
        )
        return Graveyard(topic=topic, client=self.client, dead_letters=dead_letters, sender=sender, digger=digger)

    def let_locks_run_out(self) -> None:
        """An hour passes at the broker."""
        self.clock.ahead += 3600
        self.broker.advance()

    async def close(self) -> None:
        """Closes what was opened."""
        await asyncio.gather(*(each.close() for each in self._open))


@asynccontextmanager
async def graveyards() -> AsyncIterator[Graveyards]:
    """A broker, as long as the block lasts."""
    clock = MovableClock()
    async with (
        serving(topology=TOPOLOGY, clock=clock) as broker,
        ServiceBusClient.from_connection_string(broker.connection_string, retry_total=0) as client,
    ):
        made = Graveyards(broker=broker, clock=clock, client=client)
        try:
            yield made
        finally:
            await made.close()


def numbered(count: int, *, body: Callable[[int], bytes] = lambda number: b"{}") -> list[ServiceBusMessage]:
    """Messages `n-0`, `n-1`, ..."""
    return [ServiceBusMessage(body(number), message_id=f"n-{number}") for number in range(count)]
