"""AMQP 1.0 types (OASIS AMQP 1.0, part 1): bytes to Python values and back.

Written for this broker alone, so that a fault in the SDK's own codec cannot hide here too.
What is not in the tables below (decimals, characters) is read as raw bytes and never written.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

type Buffer = bytes | bytearray | memoryview
type Decoder = Callable[[Buffer, int], tuple[Any, int]]


class MalformedError(ValueError):
    """The bytes are not AMQP: an unknown constructor, or a value that reaches past the end."""


class Symbol(str):
    __slots__ = ()


class UByte(int):
    pass


class UShort(int):
    pass


class UInt(int):
    pass


class ULong(int):
    pass


class Int(int):
    """32 bits; a plain `int` is written as a 64-bit long."""


class Timestamp(int):
    """Milliseconds since 1970, UTC."""


class Array(list[Any]):
    """Written as an AMQP array: every item of one type among `Symbol`, `Timestamp`, `int`, `UUID`."""


class Described(NamedTuple):
    descriptor: int | Symbol
    value: Any


def _sized(short: int, long: int, data: bytes) -> bytes:
    if len(data) < 256:
        return bytes((short, len(data))) + data
    return bytes((long,)) + len(data).to_bytes(4) + data


def _compound(short: int, long: int, count: int, data: bytes) -> bytes:
    if len(data) < 255 and count < 256:
        return bytes((short, len(data) + 1, count)) + data
    return bytes((long,)) + (len(data) + 4).to_bytes(4) + count.to_bytes(4) + data


def _uint(value: int) -> bytes:
    if value < 256:
        return bytes((0x52, value)) if value else b"\x43"
    return b"\x70" + value.to_bytes(4)


def _ulong(value: int) -> bytes:
    if value < 256:
        return bytes((0x53, value)) if value else b"\x44"
    return b"\x80" + value.to_bytes(8)


def _array(values: Sequence[Any]) -> bytes:
    constructor, width = _ARRAY_ITEMS[type(values[0])] if values else (0x40, 0)
    items = b"".join(_array_item(value, width) for value in values)
    return b"\xf0" + (len(items) + 5).to_bytes(4) + len(values).to_bytes(4) + bytes((constructor,)) + items


def _array_item(value: Any, width: int) -> bytes:
    if isinstance(value, str):
        return len(value.encode()).to_bytes(width) + value.encode()
    return value.bytes if isinstance(value, UUID) else value.to_bytes(width, signed=True)


_ARRAY_ITEMS = {Symbol: (0xB3, 4), Timestamp: (0x83, 8), int: (0x81, 8), UUID: (0x98, 16)}


def encode_map(pairs: Mapping[Any, Any]) -> bytes:
    data = b"".join([encode(part) for pair in pairs.items() for part in pair])
    return _compound(0xC1, 0xD1, 2 * len(pairs), data)


def encode_raw_map(pairs: Mapping[Any, bytes]) -> bytes:
    """A map whose values are encoded already, as `split_map` gives them."""
    data = b"".join([encode(key) + value for key, value in pairs.items()])
    return _compound(0xC1, 0xD1, 2 * len(pairs), data)


def encode_list(items: Sequence[Any]) -> bytes:
    return _compound(0xC0, 0xD0, len(items), b"".join([encode(item) for item in items]))


_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"\x40",
    bool: lambda value: b"\x41" if value else b"\x42",
    str: lambda value: _sized(0xA1, 0xB1, value.encode()),
    Symbol: lambda value: _sized(0xA3, 0xB3, value.encode()),
    bytes: lambda value: _sized(0xA0, 0xB0, value),
    UUID: lambda value: b"\x98" + value.bytes,
    UByte: lambda value: bytes((0x50, value)),
    UShort: lambda value: b"\x60" + value.to_bytes(2),
    UInt: _uint,
    ULong: _ulong,
    Int: lambda value: b"\x71" + value.to_bytes(4, signed=True),
    int: lambda value: b"\x81" + value.to_bytes(8, signed=True),
    float: lambda value: b"\x82" + struct.pack(">d", value),
    Timestamp: lambda value: b"\x83" + value.to_bytes(8, signed=True),
    list: encode_list,
    dict: encode_map,
    Array: _array,
    Described: lambda value: b"\x00" + encode(_descriptor(value.descriptor)) + encode(value.value),
}


def _descriptor(descriptor: int | Symbol) -> ULong | Symbol:
    return ULong(descriptor) if isinstance(descriptor, int) else descriptor


def encode(value: object) -> bytes:
    """Raises KeyError for a type that has no AMQP form here."""
    return _ENCODERS[type(value)](value)


def decode(buffer: Buffer, at: int) -> tuple[Any, int]:
    """The value that starts at `at`, and where the next one starts. Raises `MalformedError`."""
    try:
        return _DECODERS[buffer[at]](buffer, at + 1)
    except (KeyError, IndexError, UnicodeDecodeError, struct.error) as error:
        raise MalformedError(f"not an AMQP value at byte {at}: {error!r}") from error


def split_map(buffer: Buffer, at: int) -> dict[Any, bytes]:
    """The map at `at`, its values left encoded: types that Python does not tell apart survive a rewrite."""
    if buffer[at] == 0x40:
        return {}
    if buffer[at] not in {0xC1, 0xD1}:
        raise MalformedError(f"not a map at byte {at}")
    width = 1 if buffer[at] == 0xC1 else 4
    count = int.from_bytes(buffer[at + 1 + width : at + 1 + 2 * width])
    at += 1 + 2 * width
    pairs = {}
    for _ in range(count // 2):
        key, start = decode(buffer, at)
        _, at = decode(buffer, start)
        pairs[key] = bytes(buffer[start:at])
    return pairs


def size_of(buffer: Buffer, at: int) -> int:
    """How many bytes the list or map at `at` takes, without reading into it."""
    constructor = buffer[at]
    if constructor in {0x40, 0x45}:
        return 1
    if constructor in {0xC0, 0xC1}:
        return 2 + buffer[at + 1]
    if constructor in {0xD0, 0xD1}:
        return 5 + int.from_bytes(buffer[at + 1 : at + 5])
    raise MalformedError(f"neither list nor map at byte {at}: 0x{constructor:02x}")


def _constant(value: Any) -> Decoder:
    return lambda _, at: (value, at)


def _fixed(layout: str, wrap: Callable[[Any], Any] | None = None) -> Decoder:
    reader = struct.Struct(layout)

    def plain(buffer: Buffer, at: int) -> tuple[Any, int]:
        return reader.unpack_from(buffer, at)[0], at + reader.size

    def wrapped(buffer: Buffer, at: int) -> tuple[Any, int]:
        return wrap(reader.unpack_from(buffer, at)[0]), at + reader.size  # type: ignore[misc]  # only used with a wrap

    return wrapped if wrap else plain


def _variable(width: int, convert: Callable[[bytes], Any]) -> Decoder:
    def read(buffer: Buffer, at: int) -> tuple[Any, int]:
        start = at + width
        end = start + (buffer[at] if width == 1 else int.from_bytes(buffer[at:start]))
        if end > len(buffer):
            raise MalformedError(f"a value at byte {at} reaches past the end")
        return convert(bytes(buffer[start:end])), end

    return read


def _read_list(width: int) -> Decoder:
    def read(buffer: Buffer, at: int) -> tuple[list[Any], int]:
        if len(buffer) < at + 2 * width:
            raise MalformedError(f"a value at byte {at} reaches past the end")
        count = buffer[at + 1] if width == 1 else int.from_bytes(buffer[at + 4 : at + 8])
        at += 2 * width
        items = []
        for _ in range(count):
            item, at = _DECODERS[buffer[at]](buffer, at + 1)
            items.append(item)
        return items, at

    return read


def _read_map(width: int) -> Decoder:
    read_items = _read_list(width)

    def read(buffer: Buffer, at: int) -> tuple[dict[Any, Any], int]:
        items, at = read_items(buffer, at)
        return dict(zip(items[::2], items[1::2], strict=True)), at

    return read


def _read_array(width: int) -> Decoder:
    def read(buffer: Buffer, at: int) -> tuple[list[Any], int]:
        count = int.from_bytes(buffer[at + width : at + 2 * width])
        at += 2 * width
        if buffer[at] == 0:
            _, at = decode(buffer, at + 1)
        item = _DECODERS[buffer[at]]
        at += 1
        items = []
        for _ in range(count):
            value, at = item(buffer, at)
            items.append(value)
        return items, at

    return read


def _read_described(buffer: Buffer, at: int) -> tuple[Described, int]:
    descriptor, at = decode(buffer, at)
    value, at = decode(buffer, at)
    return Described(descriptor, value), at


_DECODERS: dict[int, Decoder] = {
    0x00: _read_described,
    0x40: _constant(None),
    0x41: _constant(True),
    0x42: _constant(False),
    0x43: _constant(0),
    0x44: _constant(ULong(0)),
    0x45: lambda _, at: ([], at),
    0x50: _fixed(">B"),
    0x51: _fixed(">b"),
    0x52: _fixed(">B"),
    0x53: _fixed(">B", ULong),
    0x54: _fixed(">b"),
    0x55: _fixed(">b"),
    0x56: _fixed(">?"),
    0x60: _fixed(">H"),
    0x61: _fixed(">h"),
    0x70: _fixed(">I"),
    0x71: _fixed(">i"),
    0x72: _fixed(">f"),
    0x73: _fixed(">4s"),
    0x74: _fixed(">4s"),
    0x80: _fixed(">Q", ULong),
    0x81: _fixed(">q"),
    0x82: _fixed(">d"),
    0x83: _fixed(">q", Timestamp),
    0x84: _fixed(">8s"),
    0x94: _fixed(">16s"),
    0x98: _fixed(">16s", lambda data: UUID(bytes=data)),
    0xA0: _variable(1, bytes),
    0xA1: _variable(1, bytes.decode),
    0xA3: _variable(1, lambda data: Symbol(data.decode())),
    0xB0: _variable(4, bytes),
    0xB1: _variable(4, bytes.decode),
    0xB3: _variable(4, lambda data: Symbol(data.decode())),
    0xC0: _read_list(1),
    0xC1: _read_map(1),
    0xD0: _read_list(4),
    0xD1: _read_map(4),
    0xE0: _read_array(1),
    0xF0: _read_array(4),
}
