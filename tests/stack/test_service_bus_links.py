"""Flow control, which the SDK hardly uses but other clients insist on: credit, windows, draining, frame sizes."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from local.service_bus import QueueSettings, Topology
from local.service_bus.codec import Described, MalformedError, decode, encode
from local.service_bus.frames import ATTACH, DETACH, DISPOSITION, FLOW, SOURCE, TARGET, TRANSFER
from local.service_bus.message import Content, parse
from local.service_bus.namespace import Namespace
from local.service_bus.queue import Queue
from local.service_bus.session import Session

DATA = b"\x00\x53\x75"


@dataclass(slots=True)
class Peer:
    """The client's side of one session, frame by frame."""

    window: int = 1000
    frames: list[tuple[int, list[Any], bytes]] = field(default_factory=list)
    queue: Queue = field(init=False)
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        namespace = Namespace(topology=Topology(queues=(QueueSettings(name="q"),)), clock=lambda: 1_000_000.0)
        queue = namespace.find("q")
        assert isinstance(queue, Queue)
        self.queue = queue
        self.session = Session(
            channel=1,
            begin=[None, 0, self.window, 1000],
            namespace=namespace,
            write=self._hear,
            max_frame_size=512,
        )

    def _hear(self, data: bytes) -> None:
        assert len(data) <= 512
        assert int.from_bytes(data[:4]) == len(data)
        performative, end = decode(data, 8)
        self.frames.append((performative.descriptor, performative.value, data[end:]))

    def say(self, performative: int, fields: list[Any], payload: bytes = b"") -> None:
        self.session.on_frame(performative, fields + [None] * (14 - len(fields)), payload)

    def attach(self, *, receiving: bool, address: str = "q") -> None:
        terminus = Described(SOURCE if receiving else TARGET, [address])
        ends = [terminus, None] if receiving else [None, terminus]
        self.say(ATTACH, ["link", 7, receiving, 0, 1, *ends, None, None, None if receiving else 0])

    def flow(self, *, seen: int, credit: int, window: int = 1000, frames_seen: int = 0, drain: bool = False) -> None:
        self.say(FLOW, [frames_seen, window, 0, 1000, 7, seen, credit, None, drain, False])

    def transfer(self, number: int | None, body: bytes, *, more: bool = False, aborted: bool = False) -> None:
        self.say(TRANSFER, [7, number, b"tag", 0, False, more, None, None, None, aborted], body)

    def heard(self, performative: int) -> list[list[Any]]:
        return [fields for kind, fields, _ in self.frames if kind == performative]


def message(body: bytes) -> Content:
    return parse(DATA + encode(body))


def test_a_sender_gets_new_credit_before_the_old_is_used_up() -> None:
    peer = Peer()
    peer.attach(receiving=False)
    for number in range(1200):
        peer.transfer(number, DATA + encode(b"x"))
    assert [(flow[5], flow[6]) for flow in peer.heard(FLOW)] == [(0, 1000), (500, 1000), (1000, 1000)]
    assert [settled[1] for settled in peer.heard(DISPOSITION)] == list(range(1200))


def test_an_aborted_message_is_forgotten_and_the_next_is_whole() -> None:
    peer = Peer()
    peer.attach(receiving=False)
    peer.transfer(0, DATA + b"\xa0\x09half", more=True)
    peer.transfer(0, b"", aborted=True)
    first, second = DATA + b"\xa0\x04", b"full"
    peer.transfer(1, first, more=True)
    peer.transfer(None, second)
    assert [stored.content.body for stored in peer.queue.peek(first=0, limit=9)] == [first + second]
    assert [settled[1] for settled in peer.heard(DISPOSITION)] == [1]


def test_a_message_that_is_none_is_refused_and_its_link_lives_on() -> None:
    peer = Peer()
    peer.attach(receiving=False)
    peer.transfer(0, b"no message")
    peer.transfer(1, DATA + encode(b"x"))
    refused, accepted = peer.heard(DISPOSITION)
    assert refused[4].value[0].value[0] == "amqp:decode-error"
    assert refused[4].value[0].value[2] == {}
    assert accepted[4].value == []


def test_a_receiver_gets_no_more_than_its_credit() -> None:
    peer = Peer()
    peer.attach(receiving=True)
    for number in range(5):
        peer.queue.send(message(b"%d" % number))
    assert peer.heard(TRANSFER) == []
    peer.flow(seen=0, credit=2)
    peer.flow(seen=1, credit=2)
    assert [transfer[1] for transfer in peer.heard(TRANSFER)] == [0, 1, 2]


def test_draining_uses_the_credit_up_and_says_so() -> None:
    peer = Peer()
    peer.attach(receiving=True)
    peer.queue.send(message(b"only"))
    peer.flow(seen=0, credit=10, drain=True)
    assert len(peer.heard(TRANSFER)) == 1
    (answer,) = peer.heard(FLOW)
    assert (answer[5], answer[6], answer[8]) == (10, 0, True)
    peer.queue.send(message(b"later"))
    assert len(peer.heard(TRANSFER)) == 1


def test_frames_stay_within_the_clients_size_and_window() -> None:
    peer = Peer(window=3)
    peer.attach(receiving=True)
    body = bytes(range(256)) * 8
    peer.queue.send(message(body))
    peer.flow(seen=0, credit=5, window=3)
    assert len(peer.heard(TRANSFER)) == 3
    peer.flow(seen=0, credit=5, window=3, frames_seen=2)
    assert len(peer.heard(TRANSFER)) == 5
    peer.flow(seen=0, credit=5, window=100, frames_seen=5)
    transfers = peer.heard(TRANSFER)
    assert [transfer[5] for transfer in transfers] == [True] * (len(transfers) - 1) + [False]
    whole = b"".join(payload for kind, _, payload in peer.frames if kind == TRANSFER)
    assert parse(whole).body == DATA + encode(body)


def test_a_detached_receiver_gets_nothing_and_its_lock_can_still_be_settled() -> None:
    peer = Peer()
    peer.attach(receiving=True)
    peer.queue.send(message(b"1"))
    peer.flow(seen=0, credit=5)
    peer.say(DETACH, [7, True])
    peer.queue.send(message(b"2"))
    assert len(peer.heard(TRANSFER)) == 1
    peer.flow(seen=1, credit=5)
    peer.say(DISPOSITION, [True, 0, None, False, Described(0x24, [])])
    assert [answer[1] for answer in peer.heard(DISPOSITION)] == [0]
    assert [stored.content.body[-1:] for stored in peer.queue.peek(first=0, limit=9)] == [b"2"]


def test_a_receiver_whose_connection_is_lost_gets_nothing_more() -> None:
    peer = Peer()
    peer.attach(receiving=True)
    peer.flow(seen=0, credit=5)
    peer.session.close()
    peer.queue.send(message(b"1"))
    assert peer.heard(TRANSFER) == []


def test_a_range_is_settled_with_one_answer_for_each() -> None:
    peer = Peer()
    peer.attach(receiving=True)
    for number in range(3):
        peer.queue.send(message(b"%d" % number))
    peer.flow(seen=0, credit=3)
    peer.say(DISPOSITION, [True, 0, 2, False, Described(0x24, [])])
    assert [(answer[1], answer[2]) for answer in peer.heard(DISPOSITION)] == [(0, 0), (1, 1), (2, 2)]
    assert peer.queue.peek(first=0, limit=9) == []


def test_properties_given_when_abandoning_join_the_message() -> None:
    """The SDK of Python has no way to say this; others do."""
    peer = Peer()
    peer.attach(receiving=True)
    peer.queue.send(message(b"x"))
    peer.flow(seen=0, credit=1)
    peer.say(DISPOSITION, [True, 0, 0, False, Described(0x27, [True, False, {"Attempt": "first"}])])
    (stored,) = peer.queue.peek(first=0, limit=9)
    assert (stored.delivery_count, stored.content.user) == (1, {"attempt": "first"})


def test_what_a_session_cannot_mean_is_malformed() -> None:
    peer = Peer()
    peer.attach(receiving=True)
    with pytest.raises(MalformedError):
        peer.transfer(0, DATA + encode(b"x"))
    with pytest.raises(MalformedError):
        peer.say(0x30, [])
