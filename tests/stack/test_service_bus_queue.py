"""The queue's state machine without network: every step, and arbitrary sequences of steps."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.service_bus import QueueSettings, SubscriptionSettings, TopicSettings, Topology
from local.service_bus.codec import Symbol, Timestamp, encode
from local.service_bus.intake import MessageNotFoundError
from local.service_bus.message import Content, Stored
from local.service_bus.namespace import Namespace
from local.service_bus.queue import Lock, LockLostError, Queue
from local.service_bus.rules import SqlRule


@dataclass(slots=True)
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True, eq=False)
class Receiver:
    wanted: int = 0
    locks: bool = True
    got: list[tuple[Stored, Lock | None]] = field(default_factory=list)

    def deliver(self, stored: Stored, lock: Lock | None) -> None:
        self.wanted -= 1
        self.got.append((stored, lock))


@dataclass(slots=True)
class Bench:
    """A queue, its clock, and when it last asked to be woken."""

    queue: Queue
    clock: Clock
    alarms: list[float]

    def receive(self, count: int = 1) -> list[Lock]:
        receiver = Receiver(wanted=count)
        self.queue.want(receiver)
        self.queue.leave(receiver)
        return [lock for _, lock in receiver.got if lock]

    def bodies(self) -> list[bytes]:
        return [stored.content.body for stored in self.queue.peek(first=0, limit=1000)]

    def dead(self) -> list[Stored]:
        assert self.queue.dead_letters is not None
        return self.queue.dead_letters.peek(first=0, limit=1000)


def bench(**options: Any) -> Bench:
    clock, alarms = Clock(), list[float]()
    queue = Queue(
        settings=QueueSettings(name="q", **options), clock=clock, wake=lambda _, due: alarms.append(due), path="q"
    )
    return Bench(queue, clock, alarms)


def scheduled(body: bytes, at: float) -> Content:
    return Content(body=body, annotations={Symbol("x-opt-scheduled-enqueue-time"): encode(Timestamp(at * 1000))})


def test_messages_come_in_the_order_in_which_they_were_sent_and_go_back_to_their_place() -> None:
    it = bench()
    for body in (b"1", b"2", b"3"):
        it.queue.send(Content(body=body))
    first, second = it.receive(2)
    it.queue.abandon(first.token, properties={})
    assert [lock.stored.content.body for lock in it.receive(2)] == [b"1", b"3"]
    it.queue.release(second.token)
    assert [(lock.stored.content.body, lock.stored.delivery_count) for lock in it.receive()] == [(b"2", 0)]


def test_receivers_take_turns() -> None:
    it = bench()
    receivers = [Receiver(wanted=10) for _ in range(3)]
    for receiver in receivers:
        it.queue.want(receiver)
    for number in range(9):
        it.queue.send(Content(body=bytes([number])))
    assert [len(receiver.got) for receiver in receivers] == [3, 3, 3]


def test_a_token_settles_once() -> None:
    it = bench()
    it.queue.send(Content())
    (lock,) = it.receive()
    it.queue.complete(lock.token)
    for settle in (it.queue.complete, it.queue.release, it.queue.renew):
        with pytest.raises(LockLostError):
            settle(lock.token)
    with pytest.raises(LockLostError):
        it.queue.dead_letter(uuid4(), properties={})


def test_a_lock_ends_exactly_at_its_time_and_wakes_the_owner_for_it() -> None:
    it = bench(lock_duration=timedelta(seconds=30))
    it.queue.send(Content())
    (lock,) = it.receive()
    assert it.alarms[-1] == it.clock.now + 30
    it.clock.now += 29.9
    assert it.receive() == []
    it.clock.now += 0.1
    (again,) = it.receive()
    assert (again.stored, again.stored.delivery_count) == (lock.stored, 1)


def test_a_renewed_lock_does_not_hold_back_the_end_of_another() -> None:
    it = bench(lock_duration=timedelta(seconds=30))
    for body in (b"1", b"2"):
        it.queue.send(Content(body=body))
    renewed, _ = it.receive(2)
    it.clock.now += 20
    it.queue.renew(renewed.token)
    it.clock.now += 10
    assert [lock.stored.content.body for lock in it.receive(2)] == [b"2"]


def test_a_lock_that_expires_counts_towards_the_limit() -> None:
    it = bench(max_delivery_count=2, lock_duration=timedelta(seconds=5))
    it.queue.send(Content(body=b"x"))
    for _ in range(2):
        assert len(it.receive()) == 1
        it.clock.now += 5
    assert it.receive() == []
    (letter,) = it.dead()
    assert letter.content.user["deadletterreason"] == "MaxDeliveryCountExceeded"
    assert (letter.delivery_count, letter.dead_letter_source) == (2, "q")


def test_the_properties_of_an_abandoned_message_join_and_replace() -> None:
    it = bench()
    original = Content().with_application_properties({"kept": 1, "changed": "old"})
    it.queue.send(original)
    (lock,) = it.receive()
    it.queue.abandon(lock.token, properties={"changed": "new", "added": True})
    (again,) = it.receive()
    assert again.stored.content.user == {"kept": 1, "changed": "new", "added": True}
    assert original.user == {"kept": 1, "changed": "old"}


def test_a_locked_message_outlives_its_lifetime_until_it_comes_back() -> None:
    it = bench(dead_letter_expired=True, lock_duration=timedelta(seconds=60))
    it.queue.send(Content(body=b"x", time_to_live=10))
    (lock,) = it.receive()
    it.clock.now += 20
    it.queue.advance()
    assert it.bodies() == [b"x"]
    it.queue.release(lock.token)
    assert it.bodies() == []
    assert [letter.content.user["deadletterreason"] for letter in it.dead()] == ["TTLExpiredException"]


def test_an_expired_message_is_dropped_where_dead_lettering_is_off() -> None:
    it = bench(time_to_live=timedelta(seconds=10))
    it.queue.send(Content(time_to_live=99))
    it.clock.now += 10
    assert it.receive() == []
    assert it.bodies() == []
    assert it.dead() == []


def test_dead_letters_do_not_expire_and_stay_dead_letters() -> None:
    it = bench(time_to_live=timedelta(seconds=10), dead_letter_expired=True)
    it.queue.send(Content())
    (lock,) = it.receive()
    it.queue.dead_letter(lock.token, properties={"DeadLetterReason": "first"})
    it.clock.now += 100
    dead = it.queue.dead_letters
    assert dead is not None
    receiver = Receiver(wanted=1)
    dead.want(receiver)
    assert receiver.got[0][1] is not None
    dead.dead_letter(receiver.got[0][1].token, properties={"DeadLetterReason": "second"})
    assert [letter.content.user["deadletterreason"] for letter in it.dead()] == ["second"]


def test_settled_messages_leave_no_lifetimes_behind() -> None:
    it = bench(time_to_live=timedelta(hours=1))
    for _ in range(5000):
        it.queue.send(Content())
        it.queue.complete(it.receive()[0].token)
    assert len(it.queue._lifetimes) < 2000


def test_scheduling_and_cancelling() -> None:
    it = bench()
    due = it.clock.now + 50
    first, second = (it.queue.schedule(scheduled(body, due)) for body in (b"1", b"2"))
    assert it.alarms[-1] == due
    it.queue.cancel_scheduled(first)
    with pytest.raises(MessageNotFoundError):
        it.queue.cancel_scheduled(first)
    assert it.receive(5) == []
    it.clock.now = due
    (lock,) = it.receive(5)
    assert lock.stored.content.body == b"2"
    assert lock.stored.sequence_number > second
    with pytest.raises(MessageNotFoundError):
        it.queue.cancel_scheduled(second)


def test_a_topic_copies_to_whom_it_concerns_and_numbers_for_itself() -> None:
    clock = Clock()
    picky = SubscriptionSettings(name="picky", rules=(SqlRule("r", "n = 2"), SqlRule("s", "n = 3")))
    topic = TopicSettings(
        name="t",
        subscriptions=(picky, SubscriptionSettings(name="all")),
        time_to_live=timedelta(seconds=40),
        duplicate_window=timedelta(seconds=5),
    )
    namespace = Namespace(topology=Topology(topics=(topic,)), clock=clock)
    entity, first, second = (
        namespace.find(path) for path in ("T", "amqps://x:1/t/subscriptions/PICKY/", "t/Subscriptions/all")
    )
    assert entity is not None
    assert isinstance(first, Queue)
    assert isinstance(second, Queue)
    for number in (1, 2, 3):
        entity.send(Content().with_application_properties({"n": number}))
    assert [stored.sequence_number for stored in first.peek(first=0, limit=9)] == [1, 2]
    assert [stored.enqueue_sequence_number for stored in first.peek(first=0, limit=9)] == [2, 3]
    assert len(second.peek(first=0, limit=9)) == 3
    clock.now += 40
    namespace.advance()
    assert first.peek(first=0, limit=9) == second.peek(first=0, limit=9) == []
    assert namespace.find("t/Subscriptions/picky/$deadletterqueue") is first.dead_letters
    assert namespace.find("t/Subscriptions/other") is None


STEPS = st.lists(
    st.sampled_from(["send", "receive", "complete", "abandon", "release", "dead-letter", "renew", "pass"]), max_size=60
)


@given(STEPS)
@settings(max_examples=200, deadline=None)
def test_whatever_happens_no_message_is_lost_doubled_or_delivered_too_often(steps: list[str]) -> None:
    it = bench(max_delivery_count=3, lock_duration=timedelta(seconds=10))
    sent, completed = 0, 0
    held: list[Lock] = []
    for step in steps:
        if step == "send":
            sent += 1
            it.queue.send(Content(body=b"%d" % sent))
        elif step == "receive":
            held += it.receive(2)
        elif step == "pass":
            it.clock.now += 4
        elif held:
            lock = held.pop(0)
            expired = lock.until <= it.clock.now
            try:
                if step == "complete":
                    it.queue.complete(lock.token)
                    completed += 1
                elif step == "abandon":
                    it.queue.abandon(lock.token, properties={})
                elif step == "release":
                    it.queue.release(lock.token)
                elif step == "dead-letter":
                    it.queue.dead_letter(lock.token, properties={"DeadLetterReason": "x"})
                else:
                    assert it.queue.renew(lock.token) == it.clock.now + 10
                    held.append(lock)
            except LockLostError:
                assert expired
            else:
                assert not expired
        it.queue.advance()
        alive = it.queue.peek(first=0, limit=1000)
        assert len(alive) + len(it.dead()) + completed == sent
        assert all(stored.delivery_count < 3 for stored in alive)
        locked = [lock.stored.sequence_number for lock in held if lock.until > it.clock.now]
        assert len(set(locked)) == len(locked)
