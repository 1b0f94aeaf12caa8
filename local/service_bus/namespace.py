"""The queues and topics of one topology, found by their address."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from local.service_bus.alarm import Alarm, Clock, Wake, never_wake
from local.service_bus.intake import Intake
from local.service_bus.message import Content
from local.service_bus.queue import Queue
from local.service_bus.rules import Rule
from local.service_bus.topology import TopicSettings, Topology


@dataclass(frozen=True, slots=True)
class Subscription:
    queue: Queue
    rules: tuple[Rule, ...]

    def accepts(self, content: Content) -> bool:
        return not self.rules or any(rule.matches(content) for rule in self.rules)


class Topic:
    """Keeps no message but the scheduled ones; each subscription that accepts one gets its own copy."""

    def __init__(
        self,
        *,
        settings: TopicSettings,
        subscriptions: Iterable[Subscription],
        clock: Clock,
        wake: Wake = never_wake,
    ) -> None:
        self._subscriptions = tuple(subscriptions)
        self._lifetime = settings.time_to_live.total_seconds() if settings.time_to_live else None
        self._numbers = itertools.count(1)
        self._intake = Intake(numbers=self._numbers, window=settings.duplicate_window)
        self._clock = clock
        self._alarm = Alarm(wake=wake, ring=self.advance)

    def send(self, content: Content) -> None:
        if self._intake.is_for_now(content, now=self.advance()):
            self._fan_out(content)
        self._alarm.set(self._intake.next_due())

    def schedule(self, content: Content) -> int:
        """The number under which it can be cancelled; the subscriptions' rules are asked when it falls due."""
        number = self._intake.schedule(content, now=self.advance())
        self.advance()
        return number

    def cancel_scheduled(self, number: int) -> None:
        """Raises `MessageNotFoundError` when it is not scheduled, or no longer."""
        self.advance()
        self._intake.cancel(number)

    def advance(self) -> float:
        now = self._clock()
        for content in self._intake.take_due(now=now):
            self._fan_out(content)
        self._alarm.set(self._intake.next_due())
        return now

    def _fan_out(self, content: Content) -> None:
        number = next(self._numbers)
        if self._lifetime is not None and (content.time_to_live is None or content.time_to_live > self._lifetime):
            content = replace(content, time_to_live=self._lifetime)
        for subscription in self._subscriptions:
            if subscription.accepts(content):
                subscription.queue.send(content, enqueue_sequence_number=number)


class Namespace:
    def __init__(self, *, topology: Topology, clock: Clock, wake: Wake = never_wake) -> None:
        self._entities: dict[str, Queue | Topic] = {}
        for queue_settings in topology.queues:
            self._add_queue(Queue(settings=queue_settings, clock=clock, wake=wake))
        for topic in topology.topics:
            subscriptions = []
            for settings in topic.subscriptions:
                path = f"{topic.name}/Subscriptions/{settings.name}"
                queue = Queue(settings=settings, clock=clock, wake=wake, path=path)
                self._add_queue(queue)
                subscriptions.append(Subscription(queue, settings.rules))
            self._entities[topic.name.casefold()] = Topic(
                settings=topic, subscriptions=subscriptions, clock=clock, wake=wake
            )

    def _add_queue(self, queue: Queue) -> None:
        for each in (queue, queue.dead_letters):
            if each:
                self._entities[each.path.casefold()] = each

    def find(self, address: str) -> Queue | Topic | None:
        """By full address (`amqps://host/topic/Subscriptions/name/$DeadLetterQueue`) or path, whatever the case."""
        return self._entities.get(entity_path(address))

    def advance(self) -> None:
        """For tests that move the clock: everything that has fallen due happens now."""
        for entity in self._entities.values():
            entity.advance()


def entity_path(address: str) -> str:
    """The part of an address that names the entity, case-folded."""
    path = urlsplit(address).path if "://" in address else address
    return path.strip("/").casefold()
