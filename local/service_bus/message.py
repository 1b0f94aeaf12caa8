"""One message: what its sender wrote, and the same with what the broker adds when it hands it out.

Sections that nobody asks for stay encoded. Only rules, duplicate detection and changed properties look inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from local.service_bus.codec import (
    Described,
    MalformedError,
    Symbol,
    Timestamp,
    UInt,
    decode,
    encode,
    encode_list,
    encode_raw_map,
    size_of,
    split_map,
)

HEADER, DELIVERY_ANNOTATIONS, ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES, DATA, _, VALUE, _ = range(0x70, 0x79)
BATCH_FORMAT = 0x80013700
ACTIVE, SCHEDULED = 0, 2

PROPERTY_NAMES = (
    "MessageId",
    "UserId",
    "To",
    "Label",
    "ReplyTo",
    "CorrelationId",
    "ContentType",
    "ContentEncoding",
    "AbsoluteExpiryTime",
    "CreationTime",
    "SessionId",
    "GroupSequence",
    "ReplyToSessionId",
)


@dataclass(frozen=True)
class Content:
    """What the sender wrote. `time_to_live` is in seconds; the three sections are encoded, with their descriptors."""

    durable: bool = False
    priority: Any = None
    time_to_live: float | None = None
    annotations: Mapping[str, bytes] = field(default_factory=dict)
    properties: bytes = b""
    application_properties: bytes = b""
    body: bytes = b""

    @cached_property
    def system(self) -> dict[str, Any]:
        """`MessageId`, `Label`, `SessionId` and the like, by their Service Bus names; absent ones are left out."""
        values = decode(self.properties, 0)[0].value if self.properties else []
        return {name: value for name, value in zip(PROPERTY_NAMES, values, strict=False) if value is not None}

    @cached_property
    def user(self) -> dict[str, Any]:
        """The application properties, their names case-folded, as rules compare them."""
        values = decode(self.application_properties, 0)[0].value if self.application_properties else None
        return {name.casefold(): value for name, value in (values or {}).items()}

    @property
    def scheduled_for(self) -> float | None:
        """When the sender wants it enqueued, in seconds since 1970."""
        raw = self.annotations.get("x-opt-scheduled-enqueue-time")
        value = decode(raw, 0)[0] if raw else None
        return None if value is None else value / 1000

    def with_application_properties(self, changes: Mapping[str, Any]) -> "Content":
        """A copy in which these replace or join the application properties; the others keep their exact encoding."""
        at = _value_start(self.application_properties, 0)
        pairs = split_map(self.application_properties, at) if self.application_properties else {}
        pairs |= {str(name): encode(value) for name, value in changes.items() if value is not None}
        return replace(self, application_properties=b"\x00\x53\x74" + encode_raw_map(pairs))


def _value_start(buffer: bytes, at: int) -> int:
    """Where the value of the section at `at` starts: its descriptor may be written short or long."""
    return at + (3 if buffer[at + 1 : at + 2] == b"\x53" else 10)


def parse(encoded: bytes) -> Content:
    """Raises `MalformedError` when the bytes are no AMQP message."""
    fields: dict[str, Any] = {}
    at = 0
    while at < len(encoded):
        if encoded[at] != 0 or encoded[at + 1 : at + 2] not in {b"\x53", b"\x80"}:
            raise MalformedError(f"no message section at byte {at}")
        start = _value_start(encoded, at)
        if start >= len(encoded):
            raise MalformedError("a message section is cut off")
        code = encoded[start - 1]
        if code >= DATA:
            fields["body"] = encoded[at:]
            break
        end = start + size_of(encoded, start)
        if code == HEADER:
            fields |= _header(decode(encoded, start)[0])
        elif code == ANNOTATIONS:
            found = split_map(encoded, start)
            fields["annotations"] = {name: value for name, value in found.items() if name not in _BROKERS_OWN}
        elif code == PROPERTIES:
            fields["properties"] = encoded[at:end]
        elif code == APPLICATION_PROPERTIES:
            fields["application_properties"] = encoded[at:end]
        at = end
    return Content(**fields)


def _header(values: list[Any]) -> dict[str, Any]:
    durable, priority, time_to_live = (*values, None, None, None)[:3]
    return {
        "durable": bool(durable),
        "priority": priority,
        "time_to_live": None if time_to_live is None else time_to_live / 1000,
    }


def parse_batch(encoded: bytes) -> list[Content]:
    """The messages of a batch: each data section of the envelope is one encoded message."""
    body = parse(encoded).body
    messages, at = [], 0
    while at < len(body):
        section, at = decode(body, at)
        if not (isinstance(section, Described) and isinstance(section.value, bytes)):
            raise MalformedError("a batch holds something other than encoded messages")
        messages.append(parse(section.value))
    return messages


@dataclass(slots=True, eq=False)
class Stored:
    """A message in a queue. Times are seconds since 1970; `delivery_count` counts the deliveries that failed."""

    content: Content
    sequence_number: int
    enqueued_at: float
    enqueue_sequence_number: int
    expires_at: float | None = None
    delivery_count: int = 0
    state: int = ACTIVE
    locked: bool = False
    dead_letter_source: str | None = None


def encode_delivery(stored: Stored, *, locked_until: float | None = None) -> bytes:
    """The message as a receiver gets it; without `locked_until` for peeking and receive-and-delete."""
    content = stored.content
    time_to_live = None if stored.expires_at is None else round((stored.expires_at - stored.enqueued_at) * 1000)
    header = [
        content.durable,
        None,
        None if time_to_live is None else UInt(min(time_to_live, 2**32 - 1)),
        None,
        UInt(stored.delivery_count),
    ]
    annotations = dict(content.annotations)
    annotations[_SEQUENCE_NUMBER] = encode(stored.sequence_number)
    annotations[_ENQUEUE_SEQUENCE_NUMBER] = encode(stored.enqueue_sequence_number)
    annotations[_ENQUEUED_TIME] = encode(Timestamp(stored.enqueued_at * 1000))
    annotations[_MESSAGE_STATE] = b"\x71" + stored.state.to_bytes(4)
    if locked_until is not None:
        annotations[_LOCKED_UNTIL] = encode(Timestamp(locked_until * 1000))
    if stored.dead_letter_source is not None:
        annotations[_DEAD_LETTER_SOURCE] = encode(stored.dead_letter_source)
    return b"".join(
        (
            b"\x00\x53\x70",
            encode_list(header),
            b"\x00\x53\x72",
            encode_raw_map(annotations),
            content.properties,
            content.application_properties,
            content.body,
        )
    )


_SEQUENCE_NUMBER = Symbol("x-opt-sequence-number")
_ENQUEUE_SEQUENCE_NUMBER = Symbol("x-opt-enqueue-sequence-number")
_ENQUEUED_TIME = Symbol("x-opt-enqueued-time")
_MESSAGE_STATE = Symbol("x-opt-message-state")
_LOCKED_UNTIL = Symbol("x-opt-locked-until")
_DEAD_LETTER_SOURCE = Symbol("x-opt-deadletter-source")
_BROKERS_OWN = {
    _SEQUENCE_NUMBER,
    _ENQUEUE_SEQUENCE_NUMBER,
    _ENQUEUED_TIME,
    _MESSAGE_STATE,
    _LOCKED_UNTIL,
    _DEAD_LETTER_SOURCE,
}
