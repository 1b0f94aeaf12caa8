"""The dead-letter queue of the contract events' subscription, by the Service Bus SDK."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from shared.clock import Clock

from .event import Envelope

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusReceivedMessage
    from azure.servicebus.aio import ServiceBusClient

_AT_ONCE = 20
_MOST = 500
_WAIT_SECONDS = 1


class ServiceBusDeadLetters:
    """See `shared.contracts.redrive.DeadLetters`. Two at work at once see different messages, by their locks."""

    def __init__(self, *, client: "ServiceBusClient", topic: str, subscription: str, clock: Clock) -> None:
        self._client = client
        self._topic = topic
        self._subscription = subscription
        self._clock = clock

    async def work_through(self, handle: Callable[[Envelope], Awaitable[bool]]) -> tuple[int, int]:
        """See `DeadLetters.work_through`. What stays is given back last, so that it is not received twice."""
        from azure.servicebus import ServiceBusSubQueue

        done = 0
        kept: list[ServiceBusReceivedMessage] = []
        receiver = self._client.get_subscription_receiver(
            self._topic, self._subscription, sub_queue=ServiceBusSubQueue.DEAD_LETTER
        )
        async with receiver:
            while done + len(kept) < _MOST:
                messages = await receiver.receive_messages(max_message_count=_AT_ONCE, max_wait_time=_WAIT_SECONDS)
                if not messages:
                    break
                for message in messages:
                    if await handle(self._envelope(message)):
                        await receiver.complete_message(message)
                        done += 1
                    else:
                        kept.append(message)
            for message in kept:
                await receiver.abandon_message(message)
        return done, len(kept)

    def _envelope(self, message: "ServiceBusReceivedMessage") -> Envelope:
        return Envelope(
            body=b"".join(message.body),
            message_id=message.message_id or "",
            enqueued_at=message.enqueued_time_utc or self._clock.now(),
            sequence_number=message.sequence_number or 0,
            subject=message.subject,
            properties={_text(name): _text(value) for name, value in (message.application_properties or {}).items()},
        )


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
