"""One AMQP session of a connection: its links, its transfer window, and what its receivers have not settled."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from local.service_bus.codec import Described, MalformedError, UInt, UShort
from local.service_bus.frames import (
    ACCEPTED,
    ATTACH,
    BEGIN,
    DETACH,
    DISPOSITION,
    FLOW,
    MODIFIED,
    REJECTED,
    RELEASED,
    TRANSFER,
    error,
    frame,
)
from local.service_bus.links import Attach, IncomingLink, OutgoingLink, ReceiverLink, ReplyLink
from local.service_bus.management import answer_cbs, answer_management
from local.service_bus.message import Content
from local.service_bus.namespace import Namespace, Topic, entity_path
from local.service_bus.queue import Lock, LockLostError, Queue

_WINDOW = 2**31 - 1
_MANAGEMENT = "/$management"


class Session:
    def __init__(
        self,
        *,
        channel: int,
        begin: list[Any],
        namespace: Namespace,
        write: Callable[[bytes], None],
        max_frame_size: int,
    ) -> None:
        self._channel = channel
        self._namespace = namespace
        self._write = write
        self._max_payload = max_frame_size - 128
        self._links: dict[int, IncomingLink | OutgoingLink] = {}
        self._replies: dict[str, ReplyLink] = {}
        self._unsettled: dict[int, tuple[Queue, UUID]] = {}
        self._next_incoming: int = begin[1]
        self._window: int = begin[2]
        self._next_outgoing = 0
        self._next_delivery = 0
        self._blocked: deque[bytes] = deque()
        self.send(BEGIN, [UShort(channel), UInt(0), UInt(_WINDOW), UInt(_WINDOW), UInt(255), None, None, None])

    def send(self, performative: int, fields: list[Any]) -> None:
        self._write(frame(self._channel, performative, fields))

    def flow(self, fields: list[Any]) -> None:
        """`fields` are the link's; the session's four come before them."""
        window = [UInt(self._next_incoming), UInt(_WINDOW), UInt(self._next_outgoing), UInt(_WINDOW)]
        self.send(FLOW, window + fields)

    def transfer(self, link: OutgoingLink, tag: bytes, payload: bytes, lock: Lock | None) -> None:
        """In as many frames as it needs, as far as the client's window reaches; the rest waits for its flow."""
        delivery = self._next_delivery
        self._next_delivery += 1
        if lock and isinstance(link, ReceiverLink):
            self._unsettled[delivery] = (link.queue, lock.token)
        fields = [UInt(link.handle), UInt(delivery), tag, UInt(0), lock is None, False, *[None] * 5]
        for start in range(0, len(payload), self._max_payload):
            end = start + self._max_payload
            fields[5] = end < len(payload)
            self._blocked.append(frame(self._channel, TRANSFER, fields, payload[start:end]))
        self._send_blocked()

    def _send_blocked(self) -> None:
        while self._blocked and self._window > 0:
            self._window -= 1
            self._next_outgoing += 1
            self._write(self._blocked.popleft())

    def on_frame(self, performative: int, fields: list[Any], payload: bytes) -> None:
        """Frames for a link that is gone are ignored: they were under way when it went."""
        if performative == ATTACH:
            self._attach(Attach(fields))
        elif performative == DISPOSITION:
            self._on_disposition(fields)
        elif performative == FLOW:
            self._on_flow(fields)
        elif performative == TRANSFER:
            self._next_incoming += 1
            if link := self._links.get(fields[0]):
                link.on_transfer(fields, payload)
        elif performative == DETACH:
            if link := self._links.pop(fields[0], None):
                link.close()
                self.send(DETACH, [UInt(fields[0]), bool(fields[1]), None])
        else:
            raise MalformedError(f"performative 0x{performative:02x} on a session")

    def close(self) -> None:
        for link in self._links.values():
            link.close()
        self._links.clear()

    def _attach(self, attach: Attach) -> None:
        address = attach.source if attach.client_receives else attach.target
        path = entity_path(address or "")
        link = self._link(attach, path)
        if link is None:
            self.send(ATTACH, attach.answer(found=False))
            refusal = error("amqp:not-found", f"The messaging entity '{path}' could not be found.")
            self.send(DETACH, [UInt(attach.handle), True, refusal])
            return
        self._links[attach.handle] = link
        if isinstance(link, ReplyLink):
            self._replies[path] = link

    def _link(self, attach: Attach, path: str) -> IncomingLink | OutgoingLink | None:
        entity = self._namespace.find(path.removesuffix(_MANAGEMENT))
        if path == "$cbs":
            answer = answer_cbs
        elif entity is None:
            return None
        elif path.endswith(_MANAGEMENT):
            answer = partial(answer_management, entity)
        elif attach.client_receives:
            return None if isinstance(entity, Topic) else ReceiverLink(session=self, attach=attach, queue=entity)
        else:
            is_dead_letter = isinstance(entity, Queue) and entity.dead_letters is None
            return None if is_dead_letter else IncomingLink(session=self, attach=attach, take=entity.send)
        if attach.client_receives:
            return ReplyLink(session=self, attach=attach)
        return IncomingLink(session=self, attach=attach, take=partial(self._request, path, answer))

    def _request(self, path: str, answer: Callable[[Content], bytes], request: Content) -> None:
        if path not in self._replies:
            raise MalformedError(f"a request to {path} without a link for its reply")
        self._replies[path].reply(answer(request))

    def _on_flow(self, fields: list[Any]) -> None:
        seen, window, handle = fields[0], fields[1], fields[4]
        self._window = (0 if seen is None else seen) + window - self._next_outgoing
        self._send_blocked()
        if handle is None:
            if fields[9]:
                self.flow([None] * 7)
        elif link := self._links.get(handle):
            link.on_flow(fields)

    def _on_disposition(self, fields: list[Any]) -> None:
        from_receiver, first, last, settled, state = fields[:5]
        if not from_receiver or not isinstance(state, Described):
            return
        for delivery in range(first, (first if last is None else last) + 1):
            if delivery in self._unsettled:
                queue, token = self._unsettled.pop(delivery)
                outcome = _settle(queue, token, state)
                if not settled:
                    number = UInt(delivery)
                    self.send(DISPOSITION, [False, number, number, True, outcome, False])


def _settle(queue: Queue, token: UUID, state: Described) -> Described:
    """The outcome that is told to the client: its own again, without what it carried, or that the lock was lost."""
    values = state.value or []
    try:
        if state.descriptor == ACCEPTED:
            queue.complete(token)
        elif state.descriptor == RELEASED:
            queue.release(token)
        elif state.descriptor == MODIFIED:
            failed, defer, properties = (*values, None, None, None)[:3]
            if defer:
                return Described(REJECTED, [error("amqp:not-implemented", "the embedded broker does not defer")])
            if failed:
                queue.abandon(token, properties=properties or {})
            else:
                queue.release(token)
        elif state.descriptor == REJECTED:
            queue.dead_letter(token, properties=_dead_letter_properties(values))
        else:
            raise MalformedError(f"delivery state 0x{state.descriptor:02x}")
    except LockLostError:
        return Described(REJECTED, [error("com.microsoft:message-lock-lost", "The lock supplied is invalid.")])
    return Described(state.descriptor, _EMPTY[int(state.descriptor)])


_EMPTY: dict[int, list[Any]] = {ACCEPTED: [], RELEASED: [], MODIFIED: [None] * 3, REJECTED: [None]}


def _dead_letter_properties(values: list[Any]) -> dict[str, Any]:
    """The reason and description, and whatever else the client put beside them."""
    refusal = values[0].value if values and isinstance(values[0], Described) else []
    condition, description, info = (*refusal, None, None, None)[:3]
    if info:
        return dict(info)
    return {"DeadLetterReason": condition, "DeadLetterErrorDescription": description}
