"""The dead-letter queue of the contract events' subscription, by the Service Bus SDK."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from shared.clock import Clock

from .event import Envelope

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusReceivedMessage
    from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

_AT_ONCE = 20
_MOST = 10_000
_WAIT_SECONDS = 1


class ServiceBusDeadLetters:
    """See `shared.contracts.redrive.DeadLetters`. Two at work at once see different messages, by their locks."""

    def __init__(self, *, client: "ServiceBusClient", topic: str, subscription: str, clock: Clock) -> None:
        self._client = client
        self._topic = topic
        self._subscription = subscription
        self._clock = clock

    async def work_through(self, handle: Callable[[Envelope], Awaitable[bool]]) -> tuple[int, int]:
        """See `DeadLetters.work_through`. What stays is given back last, so that it is not received twice.

        Looks at 500 messages at most.
        """
        from azure.servicebus import ServiceBusSubQueue

        done = 0
        held: list[ServiceBusReceivedMessage] = []
        receiver = self._client.get_subscription_receiver(
            self._topic, self._subscription, sub_queue=ServiceBusSubQueue.DEAD_LETTER
        )
        async with receiver:
            try:
                while done + len(held) < _MOST and (
                    messages := await receiver.receive_messages(max_message_count=_AT_ONCE, max_wait_time=_WAIT_SECONDS)
                ):
                    held += messages
                    for message in messages:
                        if await handle(self._envelope(message)):
                            await _remove(receiver, message)
                            held.remove(message)
                            done += 1
            finally:
                for message in held:
                    await _give_back(receiver, message)
        return done, len(held)

    def _envelope(self, message: "ServiceBusReceivedMessage") -> Envelope:
        return Envelope(
            body=_body(message),
            message_id=message.message_id or "",
            enqueued_at=message.enqueued_time_utc or self._clock.now(),
            sequence_number=message.sequence_number or 0,
            subject=message.subject,
            properties={_text(name): _text(value) for name, value in (message.application_properties or {}).items()},
        )


async def _remove(receiver: "ServiceBusReceiver", message: "ServiceBusReceivedMessage") -> None:
    from azure.servicebus.exceptions import MessageLockLostError

    # Without its lock it comes again, and carrying it out again changes nothing.
    with contextlib.suppress(MessageLockLostError):
        await receiver.complete_message(message)


async def _give_back(receiver: "ServiceBusReceiver", message: "ServiceBusReceivedMessage") -> None:
    from azure.servicebus.exceptions import ServiceBusError

    # Its lock ends by itself.
    with contextlib.suppress(ServiceBusError):
        await receiver.abandon_message(message)


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
