"""The dead-letter queue of the contract events' subscription, by the Service Bus SDK."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.clock import Clock
from shared.faults import StorageUnavailable

from .dead_letter import DeadLetter
from .event import Envelope

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusReceivedMessage
    from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

_AT_ONCE = 250
# The SDK takes a second to close where it was ready for many more than came: most queues are short.
_AT_ONCE_AT_FIRST = 10
# What is not removed is held until the walk ends, in memory. What lies deeper than this stays.
_MOST_HELD = 20_000
_GIVEN_BACK_AT_ONCE = 20
_WAIT_SECONDS = 1
_PEEK_SECONDS = 20
# A connection that was quiet for four minutes may be forgotten on the way, and nobody is told.
_KEPT = timedelta(minutes=3)


class ServiceBusDeadLetters:
    """See `shared.contracts.dead_letter.DeadLetters`. Two who remove at once see different messages, by their locks."""

    def __init__(self, *, client: "ServiceBusClient", topic: str, subscription: str, clock: Clock) -> None:
        self._client = client
        self._topic = topic
        self._subscription = subscription
        self._clock = clock
        self._removing = asyncio.Lock()
        self._free: tuple[ServiceBusReceiver, datetime] | None = None

    async def walk(self, *, first: int = 1) -> AsyncGenerator[DeadLetter]:
        """See `DeadLetters.walk`. A quarter of a thousand messages for each time that the broker is asked.

        To open a receiver takes half a second, and so does closing it: the last walk's is used again.
        """
        following, is_sound = max(1, first), False
        with _unavailable_if_not_reached():
            receiver = await self._free_receiver()
            try:
                while True:
                    is_sound = False
                    messages = await receiver.peek_messages(_AT_ONCE, sequence_number=following, timeout=_PEEK_SECONDS)
                    is_sound = True
                    if not messages:
                        break
                    for message in messages:
                        yield self._letter(message)
                    following = max(_number(message) for message in messages) + 1
            finally:
                if is_sound and self._free is None:
                    self._free = (receiver, self._clock.now())
                else:
                    await receiver.close()

    async def remove(
        self, letters: Collection[DeadLetter], *, just_before: Callable[[], Awaitable[None]] | None = None
    ) -> set[int]:
        """See `DeadLetters.remove`.

        Nobody can receive a dead letter by its number, only the next one: so all those in front are received too, and
        given back last. The walk ends when a lock has run out meanwhile and its message comes again.
        """
        wanted, removed = {letter.identity for letter in letters}, set[int]()
        held: dict[int, ServiceBusReceivedMessage] = {}
        with _unavailable_if_not_reached():
            async with self._removing, self._receiver() as receiver:
                try:
                    is_over, at_once = False, _AT_ONCE_AT_FIRST
                    while wanted and not is_over and len(held) < _MOST_HELD:
                        messages = await receiver.receive_messages(
                            max_message_count=at_once, max_wait_time=_WAIT_SECONDS
                        )
                        at_once = min(at_once * 5, _AT_ONCE)
                        is_over = not messages or any(_number(message) in held for message in messages)
                        held |= {_number(message): message for message in messages}
                        for message in messages:
                            identity = self._letter(message).identity
                            if identity not in wanted:
                                continue
                            wanted.discard(identity)
                            if just_before is not None:
                                await just_before()
                            if await _is_removed(receiver, held.pop(_number(message))):
                                removed.add(_number(message))
                finally:
                    await _give_back(receiver, list(held.values()))
        return removed

    async def _free_receiver(self) -> "ServiceBusReceiver":
        """One that nobody else has meanwhile: two may walk at once."""
        kept, self._free = self._free, None
        if kept is None:
            return self._receiver()
        receiver, since = kept
        if self._clock.now() - since < _KEPT:
            return receiver
        await receiver.close()
        return self._receiver()

    def _receiver(self) -> "ServiceBusReceiver":
        from azure.servicebus import ServiceBusSubQueue

        return self._client.get_subscription_receiver(
            self._topic, self._subscription, sub_queue=ServiceBusSubQueue.DEAD_LETTER
        )

    def _letter(self, message: "ServiceBusReceivedMessage") -> DeadLetter:
        envelope = Envelope(
            body=_body(message),
            message_id=str(_text(message.message_id or "")),
            enqueued_at=message.enqueued_time_utc or self._clock.now(),
            sequence_number=_number(message),
            subject=message.subject,
            properties={_text(name): _text(value) for name, value in (message.application_properties or {}).items()},
            delivery=0,
        )
        return DeadLetter(envelope=envelope, reason=message.dead_letter_reason)


@contextlib.contextmanager
def _unavailable_if_not_reached() -> Iterator[None]:
    from azure.servicebus.exceptions import ServiceBusError

    try:
        yield
    except ServiceBusError as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise StorageUnavailable(detail=f"the dead-letter queue cannot be reached: {reason}") from error


def _number(message: "ServiceBusReceivedMessage") -> int:
    return message.sequence_number or 0


async def _is_removed(receiver: "ServiceBusReceiver", message: "ServiceBusReceivedMessage") -> bool:
    from azure.servicebus.exceptions import MessageLockLostError

    try:
        await receiver.complete_message(message)
    except MessageLockLostError:
        return False
    return True


async def _give_back(receiver: "ServiceBusReceiver", messages: "list[ServiceBusReceivedMessage]") -> None:
    from azure.servicebus.exceptions import MessageLockLostError, ServiceBusError

    async def give_back(message: "ServiceBusReceivedMessage") -> None:
        with contextlib.suppress(MessageLockLostError):
            await receiver.abandon_message(message)

    # Where the broker is gone there is nobody to give back to: the locks end by themselves.
    with contextlib.suppress(ServiceBusError):
        for start in range(0, len(messages), _GIVEN_BACK_AT_ONCE):
            await asyncio.gather(*map(give_back, messages[start : start + _GIVEN_BACK_AT_ONCE]))


def _body(message: "ServiceBusReceivedMessage") -> bytes:
    """What the function would have been given; a body of another kind than bytes or text is no JSON in any case."""
    from azure.servicebus.amqp import AmqpMessageBodyType

    body: Any = message.body
    if message.body_type is AmqpMessageBodyType.DATA:
        return b"".join(body)
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else b""


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
