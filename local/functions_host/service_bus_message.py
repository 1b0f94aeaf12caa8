"""A received Service Bus message as the trigger hands it to the worker library."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.amqp import AmqpMessageBodyType
from azure_functions_runtime.bindings.datumdef import Datum  # type: ignore[import-untyped]  # ships no types

from local.functions_host.invocation import as_json, body, text


class UnreadableBody(ValueError):
    """The message's body is an AMQP value or sequence; the trigger reads only data."""


def datum(message: ServiceBusReceivedMessage) -> Datum:
    """The message's body. Raises UnreadableBody."""
    if message.body_type is not AmqpMessageBodyType.DATA:
        raise UnreadableBody(f"message {message.message_id} has a body of type {message.body_type}")
    return body(b"".join(message.body))


def metadata(message: ServiceBusReceivedMessage) -> dict[str, Datum]:
    """What the trigger tells about a message. What the message does not have is absent, but for the properties.

    The delivery count starts at 1 here and at 0 in the SDK. A time to live of a day or more is left out, because the
    converter reads nothing but HH:MM:SS.
    """
    properties = {_plain(name): _plain(value) for name, value in (message.application_properties or {}).items()}
    lives = message.time_to_live
    return _metadata(
        {
            "MessageId": message.message_id,
            "CorrelationId": message.correlation_id,
            "Subject": message.subject,
            "Label": message.subject,
            "ContentType": message.content_type,
            "To": message.to,
            "ReplyTo": message.reply_to,
            "ReplyToSessionId": message.reply_to_session_id,
            "SessionId": message.session_id,
            "PartitionKey": message.partition_key,
            "LockToken": str(message.lock_token),
            "DeadLetterSource": message.dead_letter_source,
            "DeadLetterReason": message.dead_letter_reason,
            "DeadLetterErrorDescription": message.dead_letter_error_description,
            "DeliveryCount": (message.delivery_count or 0) + 1,
            "SequenceNumber": message.sequence_number,
            "EnqueuedSequenceNumber": message.enqueued_sequence_number,
            "EnqueuedTimeUtc": message.enqueued_time_utc,
            "ScheduledEnqueueTimeUtc": message.scheduled_enqueue_time_utc,
            "ExpiresAtUtc": message.expires_at_utc,
            "LockedUntil": message.locked_until_utc,
            "TimeToLive": _clock(lives) if lives is not None and lives < timedelta(days=1) else None,
            "UserProperties": properties,
            "ApplicationProperties": properties,
        }
    )


def trace_parent(message: ServiceBusReceivedMessage) -> str:
    """What its sender had under way, by W3C Trace Context; empty if the message says nothing."""
    properties = message.application_properties or {}
    return str(_plain(properties.get("traceparent", properties.get(b"traceparent", ""))))


def made_up_metadata() -> dict[str, Datum]:
    """For a message that never was in a queue: a run that somebody asked for by hand."""
    return _metadata(
        {
            "MessageId": str(uuid4()),
            "DeliveryCount": 1,
            "EnqueuedTimeUtc": datetime.now(UTC),
            "UserProperties": {},
            "ApplicationProperties": {},
        }
    )


def _metadata(fields: Mapping[str, Any]) -> dict[str, Datum]:
    return {
        name: text(value) if isinstance(value, str) else as_json(value)
        for name, value in fields.items()
        if value is not None
    }


def _plain(value: Any) -> Any:
    """The SDK leaves names and texts of application properties as bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _clock(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
