"""AMQP frames: cutting the byte stream, and writing performatives (OASIS AMQP 1.0, part 2).

Every field list is written in full: the SDK counts on each position being there.
"""

from typing import Any

from local.service_bus.codec import Described, MalformedError, Symbol, encode_list

SASL_HEADER, AMQP_HEADER = b"AMQP\x03\x01\x00\x00", b"AMQP\x00\x01\x00\x00"
EMPTY_FRAME = b"\x00\x00\x00\x08\x02\x00\x00\x00"
OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, DETACH, END, CLOSE = range(0x10, 0x19)
SASL_MECHANISMS, SASL_INIT, SASL_OUTCOME = 0x40, 0x41, 0x44
ERROR, ACCEPTED, REJECTED, RELEASED, MODIFIED, SOURCE, TARGET = 0x1D, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29
MAX_FRAME_SIZE = 65536


def frame(channel: int, performative: int, fields: list[Any], payload: bytes = b"", *, sasl: bool = False) -> bytes:
    body = encode_list(fields)
    kind = 1 if sasl else 0
    size = 11 + len(body) + len(payload)
    return b"%b\x02%c%b\x00\x53%c%b%b" % (size.to_bytes(4), kind, channel.to_bytes(2), performative, body, payload)


def error(condition: str, description: str) -> Described:
    """With its info: the SDK waits for ever after a refusal that has none."""
    return Described(ERROR, [Symbol(condition), description, {}])


def take_frame(buffer: bytearray) -> bytes | None:
    """Removes the next protocol header (8 bytes) or whole frame from the front; None when it is not all there yet."""
    if len(buffer) < 8:
        return None
    size = 8 if buffer.startswith(b"AMQP") else int.from_bytes(buffer[:4])
    if not 8 <= size <= MAX_FRAME_SIZE:
        raise MalformedError(f"a frame of {size} bytes")
    if len(buffer) < size:
        return None
    taken = bytes(buffer[:size])
    del buffer[:size]
    return taken
