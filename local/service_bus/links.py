"""The broker's end of a link: what a client sends into, what it receives from, and the reply half of `$management`."""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID, uuid4

from local.service_bus.codec import Described, MalformedError, UByte, UInt, ULong
from local.service_bus.frames import ACCEPTED, ATTACH, DISPOSITION, REJECTED, SOURCE, TARGET, error
from local.service_bus.message import BATCH_FORMAT, Content, Stored, encode_delivery, parse, parse_batch
from local.service_bus.queue import Lock, Queue

MAX_MESSAGE_SIZE = 1024 * 1024 + 64 * 1024
_CREDIT = 1000


class Session(Protocol):
    """What a link needs of its session."""

    def send(self, performative: int, fields: list[Any]) -> None: ...
    def flow(self, fields: list[Any]) -> None: ...
    def transfer(self, link: "OutgoingLink", tag: bytes, payload: bytes, lock: Lock | None) -> None: ...


class Attach:
    """The client's attach, and the answer to it."""

    def __init__(self, fields: list[Any]) -> None:
        self.name: str = fields[0]
        self.handle: int = fields[1]
        self.client_receives: bool = fields[2]
        self.sender_settles = fields[3]
        self.receiver_settles = fields[4]
        self.source = _address(fields[5])
        self.target = _address(fields[6])
        self.first_count: int = fields[9] or 0

    def answer(self, *, found: bool = True) -> list[Any]:
        """Echoes the addresses. Null ones tell the client that a detach follows."""
        return [
            self.name,
            UInt(self.handle),
            not self.client_receives,
            None if self.sender_settles is None else UByte(self.sender_settles),
            None if self.receiver_settles is None else UByte(self.receiver_settles),
            Described(SOURCE, [self.source, *[None] * 10]) if found else None,
            Described(TARGET, [self.target, *[None] * 6]) if found else None,
            None,
            None,
            UInt(0) if self.client_receives else None,
            ULong(MAX_MESSAGE_SIZE),
            None,
            None,
            None,
        ]


def _address(terminus: Any) -> str | None:
    return terminus.value[0] if isinstance(terminus, Described) and terminus.value else None


class IncomingLink:
    """The client sends. `take` gets each message, and refuses one by raising `MalformedError`."""

    def __init__(self, *, session: Session, attach: Attach, take: Callable[[Content], None]) -> None:
        self._session = session
        self._handle = attach.handle
        self._take = take
        self._count = attach.first_count
        self._credit = _CREDIT
        self._parts = bytearray()
        self._first: list[Any] = []
        session.send(ATTACH, attach.answer())
        self._grant()

    def _grant(self) -> None:
        self._credit = _CREDIT
        self._session.flow([UInt(self._handle), UInt(self._count), UInt(_CREDIT), None, False, False, None])

    def on_transfer(self, fields: list[Any], payload: bytes) -> None:
        self._first = self._first or fields
        more, aborted = fields[5], fields[9]
        if len(self._parts) <= MAX_MESSAGE_SIZE:
            self._parts += payload
        if more and not aborted:
            return
        encoded, first = bytes(self._parts), self._first
        self._parts, self._first = bytearray(), []
        self._count += 1
        self._credit -= 1
        if not aborted:
            outcome = self._outcome(encoded, first[3])
            if not (first[4] or fields[4]):
                delivery = UInt(first[1])
                self._session.send(DISPOSITION, [True, delivery, delivery, True, outcome, False])
        if self._credit <= _CREDIT // 2:
            self._grant()

    def _outcome(self, encoded: bytes, message_format: int | None) -> Described:
        if len(encoded) > MAX_MESSAGE_SIZE:
            refusal = error("amqp:link:message-size-exceeded", f"A message may have {MAX_MESSAGE_SIZE} bytes.")
            return Described(REJECTED, [refusal])
        try:
            for content in parse_batch(encoded) if message_format == BATCH_FORMAT else [parse(encoded)]:
                self._take(content)
        except MalformedError as fault:
            return Described(REJECTED, [error("amqp:decode-error", str(fault))])
        return Described(ACCEPTED, [])

    def on_flow(self, fields: list[Any]) -> None:
        """The client says how far it is; nothing follows from it."""

    def close(self) -> None:
        """Nothing is held for a sender."""


class OutgoingLink:
    """The client receives: deliveries go out as long as it has given credit."""

    def __init__(self, *, session: Session, attach: Attach) -> None:
        self._session = session
        self.handle = attach.handle
        self._count = 0
        self.wanted = 0
        session.send(ATTACH, attach.answer())

    def on_flow(self, fields: list[Any]) -> None:
        """Credit counts from the delivery count that the client had seen. Draining uses it up."""
        seen, granted, drain, echo = fields[5], fields[6], fields[8], fields[9]
        self.wanted = max(0, (self._count if seen is None else seen) + (granted or 0) - self._count)
        if self.wanted:
            self.on_credit()
        if drain:
            self._count += self.wanted
            self.wanted = 0
        if drain or echo:
            fields = [UInt(self.handle), UInt(self._count), UInt(self.wanted), UInt(0), bool(drain), False, None]
            self._session.flow(fields)

    def on_credit(self) -> None:
        """There is credit now."""

    def push(self, tag: bytes, payload: bytes, lock: Lock | None) -> None:
        self.wanted -= 1
        self._count += 1
        self._session.transfer(self, tag, payload, lock)

    def on_transfer(self, fields: list[Any], payload: bytes) -> None:
        raise MalformedError("a transfer on a link on which the client receives")

    def close(self) -> None:
        """Nothing is held."""


class ReceiverLink(OutgoingLink):
    """Hands out a queue's messages; the tag of a locked one is its lock token, as .NET writes a GUID."""

    def __init__(self, *, session: Session, attach: Attach, queue: Queue) -> None:
        self.queue = queue
        self.locks = attach.sender_settles != 1
        super().__init__(session=session, attach=attach)

    def on_credit(self) -> None:
        self.queue.want(self)

    def deliver(self, stored: Stored, lock: Lock | None) -> None:
        token: UUID = lock.token if lock else uuid4()
        self.push(token.bytes_le, encode_delivery(stored, locked_until=lock.until if lock else None), lock)

    def close(self) -> None:
        self.queue.leave(self)


class ReplyLink(OutgoingLink):
    """Answers of `$cbs` or `$management` wait here for credit."""

    def __init__(self, *, session: Session, attach: Attach) -> None:
        self._replies: deque[bytes] = deque()
        super().__init__(session=session, attach=attach)

    def reply(self, encoded: bytes) -> None:
        self._replies.append(encoded)
        self.on_credit()

    def on_credit(self) -> None:
        while self._replies and self.wanted:
            self.push(uuid4().bytes_le, self._replies.popleft(), None)
