"""A queue, a subscription or a dead-letter queue: one state machine, without network, with the clock given.

A message is available, locked by one receiver, or scheduled. Everything that falls due (a lock, a lifetime, a
scheduled time) is done by `advance`, as part of every operation; `wake` hears when to call `advance` next.
"""

import heapq
import itertools
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID, uuid4

from local.service_bus.alarm import Alarm, Clock, Wake, never_wake
from local.service_bus.intake import Intake
from local.service_bus.message import Content, Stored
from local.service_bus.topology import QueueSettings


class LockLostError(Exception):
    """The lock token is unknown: the message was settled already, or its lock has expired."""


class Consumer(Protocol):
    """A receiver. `wanted` is how many more messages it takes now; `locks` False: it receives and deletes."""

    @property
    def wanted(self) -> int: ...
    @property
    def locks(self) -> bool: ...
    def deliver(self, stored: Stored, lock: "Lock | None") -> None:
        """Must lower `wanted` by one, and must not call the queue."""


@dataclass(slots=True, eq=False)
class Lock:
    token: UUID
    stored: Stored
    until: float


class Queue:
    """Times are seconds since 1970, on the given clock."""

    def __init__(
        self,
        *,
        settings: QueueSettings,
        clock: Clock,
        wake: Wake = never_wake,
        path: str | None = None,
        is_dead_letter: bool = False,
    ) -> None:
        self.path = path or settings.name
        self._settings = settings
        self._lock_seconds = settings.lock_duration.total_seconds()
        self._clock = clock
        self._wake = wake
        self._alarm = Alarm(wake=wake, ring=self.advance)
        self._numbers = itertools.count(1)
        self._intake = Intake(numbers=self._numbers, window=settings.duplicate_window)
        self._messages: dict[int, Stored] = {}
        self._available: list[tuple[int, Stored]] = []
        self._locks: OrderedDict[UUID, Lock] = OrderedDict()
        self._lifetimes: list[tuple[float, int]] = []
        self._waiting: deque[Consumer] = deque()
        self.dead_letters: Queue | None = None if is_dead_letter else self._make_dead_letters()

    def _make_dead_letters(self) -> "Queue":
        """Nothing is sent to it: each message keeps the sequence number that it had."""
        return Queue(
            settings=replace(self._settings, max_delivery_count=None, time_to_live=None, duplicate_window=None),
            clock=self._clock,
            wake=self._wake,
            path=f"{self.path}/$DeadLetterQueue",
            is_dead_letter=True,
        )

    def send(self, content: Content, *, enqueue_sequence_number: int | None = None) -> None:
        now = self._catch_up()
        if self._intake.is_for_now(content, now=now):
            self._enqueue(content, now, enqueue_sequence_number)
        self._go_on(now)

    def schedule(self, content: Content) -> int:
        now = self._catch_up()
        number = self._intake.schedule(content, now=now)
        self.advance()
        return number

    def cancel_scheduled(self, number: int) -> None:
        """Raises `MessageNotFoundError` when it is not scheduled, or no longer."""
        self.advance()
        self._intake.cancel(number)

    def want(self, consumer: Consumer) -> None:
        """The consumer's `wanted` was raised: it gets what is there, and then what comes, in turn with the others."""
        if consumer not in self._waiting:
            self._waiting.append(consumer)
        self.advance()

    def leave(self, consumer: Consumer) -> None:
        """What the consumer has locked stays locked until the lock expires or is settled by its token."""
        if consumer in self._waiting:
            self._waiting.remove(consumer)

    def complete(self, token: UUID) -> None:
        """This and the next four raise `LockLostError`."""
        stored, now = self._unlock(token)
        del self._messages[stored.sequence_number]
        self._go_on(now)

    def release(self, token: UUID) -> None:
        """Back to the queue, without counting as a failed delivery."""
        stored, now = self._unlock(token)
        self._make_available(stored, now)
        self._go_on(now)

    def abandon(self, token: UUID, *, properties: Mapping[str, Any]) -> None:
        """Back to the queue as a failed delivery; the properties join the application properties."""
        stored, now = self._unlock(token)
        if properties:
            stored.content = stored.content.with_application_properties(properties)
        self._give_back(stored, now)
        self._go_on(now)

    def dead_letter(self, token: UUID, *, properties: Mapping[str, Any]) -> None:
        """`properties` has `DeadLetterReason` and `DeadLetterErrorDescription`. What is a dead letter stays one."""
        stored, now = self._unlock(token)
        self._bury(stored, properties, now)
        self._go_on(now)

    def renew(self, token: UUID) -> float:
        """Until when it is locked now."""
        now = self.advance()
        lock = self._locks.get(token)
        if lock is None:
            raise LockLostError(token)
        lock.until = now + self._lock_seconds
        self._locks.move_to_end(token)
        return lock.until

    def peek(self, *, first: int, limit: int) -> list[Stored]:
        """Up to `limit` messages from that sequence number on, locked and scheduled ones included."""
        self.advance()
        everything = itertools.chain(self._messages.values(), self._intake.waiting())
        wanted = (stored for stored in everything if stored.sequence_number >= first)
        return heapq.nsmallest(limit, wanted, key=lambda stored: stored.sequence_number)

    def advance(self) -> float:
        """Does what has fallen due and hands out what is available; the time at which it did so."""
        now = self._catch_up()
        self._go_on(now)
        return now

    def accept_dead(self, stored: Stored, now: float) -> None:
        """Takes over a message that its queue has given up."""
        self._messages[stored.sequence_number] = stored
        self._make_available(stored, now)
        self._go_on(now)

    def _catch_up(self) -> float:
        now = self._clock()
        for content in self._intake.take_due(now=now):
            self._enqueue(content, now, None)
        while self._locks and (lock := next(iter(self._locks.values()))).until <= now:
            del self._locks[lock.token]
            lock.stored.locked = False
            self._give_back(lock.stored, now)
        while self._lifetimes and self._lifetimes[0][0] <= now:
            stored = self._messages.get(heapq.heappop(self._lifetimes)[1])
            if stored and not stored.locked:
                self._end_life(stored, now)
        return now

    def _go_on(self, now: float) -> None:
        """Hands out what is available, then asks to be woken for what falls due next."""
        while self._available and self._waiting:
            consumer = self._waiting[0]
            if consumer.wanted <= 0:
                self._waiting.popleft()
                continue
            number, stored = heapq.heappop(self._available)
            if self._messages.get(number) is stored:
                self._hand_out(stored, consumer, now)
                self._waiting.rotate(-1)
        self._alarm.set(min(self._due_times(), default=None))

    def _due_times(self) -> Iterator[float]:
        if self._locks:
            yield next(iter(self._locks.values())).until
        if self._lifetimes:
            yield self._lifetimes[0][0]
        if (scheduled := self._intake.next_due()) is not None:
            yield scheduled

    def _hand_out(self, stored: Stored, consumer: Consumer, now: float) -> None:
        if consumer.locks:
            lock = Lock(uuid4(), stored, now + self._lock_seconds)
            stored.locked = True
            self._locks[lock.token] = lock
            consumer.deliver(stored, lock)
        else:
            del self._messages[stored.sequence_number]
            consumer.deliver(stored, None)

    def _enqueue(self, content: Content, now: float, enqueue_sequence_number: int | None) -> None:
        number = next(self._numbers)
        ours = self._settings.time_to_live
        lifetimes = [content.time_to_live, ours.total_seconds() if ours else None]
        lifetime = min((each for each in lifetimes if each is not None), default=None)
        stored = Stored(
            content=content,
            sequence_number=number,
            enqueued_at=now,
            enqueue_sequence_number=number if enqueue_sequence_number is None else enqueue_sequence_number,
            expires_at=None if lifetime is None else now + lifetime,
        )
        self._messages[number] = stored
        if stored.expires_at is not None:
            heapq.heappush(self._lifetimes, (stored.expires_at, number))
            self._forget_lifetimes_of_the_gone()
        self._make_available(stored, now)

    def _forget_lifetimes_of_the_gone(self) -> None:
        """Settled messages leave their lifetime behind; without this an hour of load would pile up."""
        if len(self._lifetimes) > 1000 + 2 * len(self._messages):
            self._lifetimes = [each for each in self._lifetimes if each[1] in self._messages]
            heapq.heapify(self._lifetimes)

    def _make_available(self, stored: Stored, now: float) -> None:
        """A message that was locked when its life ended, ends on its way back."""
        if stored.expires_at is not None and stored.expires_at <= now:
            self._end_life(stored, now)
        else:
            heapq.heappush(self._available, (stored.sequence_number, stored))

    def _unlock(self, token: UUID) -> tuple[Stored, float]:
        now = self._catch_up()
        lock = self._locks.pop(token, None)
        if lock is None:
            self._go_on(now)
            raise LockLostError(token)
        lock.stored.locked = False
        return lock.stored, now

    def _give_back(self, stored: Stored, now: float) -> None:
        stored.delivery_count += 1
        limit = self._settings.max_delivery_count
        if limit is not None and stored.delivery_count >= limit:
            description = f"Message could not be consumed after {limit} delivery attempts."
            self._bury_because(stored, "MaxDeliveryCountExceeded", description, now)
        else:
            self._make_available(stored, now)

    def _end_life(self, stored: Stored, now: float) -> None:
        if self._settings.dead_letter_expired:
            self._bury_because(stored, "TTLExpiredException", "The message expired and was dead lettered.", now)
        else:
            del self._messages[stored.sequence_number]

    def _bury_because(self, stored: Stored, reason: str, description: str, now: float) -> None:
        self._bury(stored, {"DeadLetterReason": reason, "DeadLetterErrorDescription": description}, now)

    def _bury(self, stored: Stored, properties: Mapping[str, Any], now: float) -> None:
        stored.content = stored.content.with_application_properties(properties)
        if self.dead_letters is None:
            self._make_available(stored, now)
            return
        del self._messages[stored.sequence_number]
        stored.expires_at = None
        stored.dead_letter_source = self.path
        self.dead_letters.accept_dead(stored, now)
