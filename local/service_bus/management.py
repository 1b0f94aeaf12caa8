"""Requests to `$cbs` and `$management`: an AMQP message in, an AMQP message out.

Receiving by sequence number is refused always: Azure gives deferred messages only, and this broker defers none.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from local.service_bus.codec import Array, Described, Int, MalformedError, Symbol, Timestamp, decode, encode
from local.service_bus.intake import MessageNotFoundError
from local.service_bus.message import (
    APPLICATION_PROPERTIES,
    PROPERTIES,
    VALUE,
    Content,
    encode_delivery,
    parse,
)
from local.service_bus.namespace import Topic
from local.service_bus.queue import LockLostError, Queue

_MOST_PEEKED = 250


class RefusedError(Exception):
    """The request cannot be done; becomes the status of the reply."""

    def __init__(self, status: int, condition: str, description: str) -> None:
        super().__init__(description)
        self.status, self.condition, self.description = status, condition, description


def answer_cbs(request: Content) -> bytes:
    """Every token is good: whoever reaches 127.0.0.1 may use this broker."""
    if request.user.get("operation") != "put-token":
        return _reply(request, {"status-code": Int(400), "status-description": "only put-token is known"}, None)
    return _reply(request, {"status-code": Int(202), "status-description": "Accepted"}, None)


def answer_management(entity: Queue | Topic, request: Content) -> bytes:
    operation = str(request.user.get("operation"))
    try:
        arguments = decode(request.body, 0)[0].value
        status, value = _OPERATIONS.get(operation, _not_offered)(entity, arguments)
    except LockLostError:
        refusal = RefusedError(410, "com.microsoft:message-lock-lost", "The lock supplied is invalid. It has expired.")
    except MessageNotFoundError as missing:
        refusal = RefusedError(404, "com.microsoft:message-not-found", f"Message {missing} is not scheduled.")
    except (KeyError, TypeError, AttributeError, MalformedError) as fault:
        refusal = RefusedError(400, "com.microsoft:argument-error", f"{operation}: {fault!r}")
    except RefusedError as error:
        refusal = error
    else:
        return _reply(request, {"statusCode": Int(status), "statusDescription": "OK"}, value)
    properties = {
        "statusCode": Int(refusal.status),
        "statusDescription": refusal.description,
        "errorCondition": Symbol(refusal.condition),
    }
    return _reply(request, properties, None)


def _reply(request: Content, properties: Mapping[str, Any], value: Any) -> bytes:
    correlation = [*[None] * 5, request.system.get("MessageId"), *[None] * 7]
    return b"".join(
        encode(Described(code, section))
        for code, section in (
            (PROPERTIES, correlation),
            (APPLICATION_PROPERTIES, dict(properties)),
            (VALUE, value),
        )
    )


def _needs_queue(entity: Queue | Topic) -> Queue:
    if isinstance(entity, Topic):
        raise RefusedError(400, "amqp:not-allowed", "a topic holds no messages; ask its subscription")
    return entity


def _tokens(arguments: dict[str, Any]) -> list[UUID]:
    tokens = list(arguments["lock-tokens"])
    if not all(isinstance(token, UUID) for token in tokens):
        raise TypeError("a lock token is a UUID")
    return tokens


def _renew_lock(entity: Queue | Topic, arguments: dict[str, Any]) -> tuple[int, Any]:
    queue = _needs_queue(entity)
    expirations = [Timestamp(queue.renew(token) * 1000) for token in _tokens(arguments)]
    return 200, {"expirations": Array(expirations)}


def _peek(entity: Queue | Topic, arguments: dict[str, Any]) -> tuple[int, Any]:
    limit = min(arguments["message-count"], _MOST_PEEKED)
    found = _needs_queue(entity).peek(first=arguments["from-sequence-number"], limit=limit)
    if not found:
        return 204, None
    return 200, {"messages": [{"message": encode_delivery(stored)} for stored in found]}


def _receive_by_sequence_number(entity: Queue | Topic, _: dict[str, Any]) -> tuple[int, Any]:
    _needs_queue(entity)
    condition, description = "com.microsoft:message-not-found", "Only deferred messages can be received by number."
    raise RefusedError(404, condition, description)


def _not_offered(_: Queue | Topic, __: dict[str, Any]) -> tuple[int, Any]:
    raise RefusedError(501, "amqp:not-implemented", "the embedded broker does not offer this operation")


def _update_disposition(entity: Queue | Topic, arguments: dict[str, Any]) -> tuple[int, Any]:
    queue, status = _needs_queue(entity), arguments["disposition-status"]
    properties = dict(arguments.get("properties-to-modify") or {})
    for token in _tokens(arguments):
        if status == "completed":
            queue.complete(token)
        elif status == "abandoned":
            queue.abandon(token, properties=properties)
        elif status == "suspended":
            properties["DeadLetterReason"] = arguments.get("deadletter-reason")
            properties["DeadLetterErrorDescription"] = arguments.get("deadletter-description")
            queue.dead_letter(token, properties=properties)
        else:
            raise RefusedError(501, "amqp:not-implemented", f"the embedded broker does not offer {status}")
    return 200, None


def _schedule(entity: Queue | Topic, arguments: dict[str, Any]) -> tuple[int, Any]:
    contents = [parse(each["message"]) for each in arguments["messages"]]
    return 200, {"sequence-numbers": Array([entity.schedule(content) for content in contents])}


def _cancel_scheduled(entity: Queue | Topic, arguments: dict[str, Any]) -> tuple[int, Any]:
    for number in arguments["sequence-numbers"]:
        entity.cancel_scheduled(number)
    return 200, None


_OPERATIONS: dict[str, Callable[[Queue | Topic, dict[str, Any]], tuple[int, Any]]] = {
    "com.microsoft:renew-lock": _renew_lock,
    "com.microsoft:peek-message": _peek,
    "com.microsoft:receive-by-sequence-number": _receive_by_sequence_number,
    "com.microsoft:update-disposition": _update_disposition,
    "com.microsoft:schedule-message": _schedule,
    "com.microsoft:cancel-scheduled-message": _cancel_scheduled,
}
