"""The broker's own AMQP codec: values survive, numbers of AMQP's sizes too, and no bytes bring it down."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.service_bus.codec import (
    Array,
    Described,
    Int,
    MalformedError,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
    decode,
    encode,
    split_map,
)
from local.service_bus.message import Content, Stored, encode_delivery, parse, parse_batch

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    TEXT,
    TEXT.map(Symbol),
    st.binary(max_size=300),
    st.uuids(),
    st.integers(0, 255).map(UByte),
    st.integers(0, 2**16 - 1).map(UShort),
    st.integers(0, 2**32 - 1).map(UInt),
    st.integers(0, 2**64 - 1).map(ULong),
    st.integers(-(2**31), 2**31 - 1).map(Int),
    st.integers(-(2**62), 2**62).map(Timestamp),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(TEXT, inner, max_size=5),
        st.builds(Described, st.integers(0, 2**20).map(ULong), inner),
    ),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    encoded = encode(value)
    assert decode(b"??" + encoded + b"??", 2) == (value, 2 + len(encoded))


@given(VALUES, st.data())
def test_what_is_cut_off_is_refused(value: Any, data: st.DataObject) -> None:
    encoded = encode(value)
    shorter = encoded[: data.draw(st.integers(0, len(encoded) - 1))]
    with pytest.raises(MalformedError):
        decode(shorter, 0)


@pytest.mark.parametrize("constructor", [0xC0, 0xC1, 0xD0, 0xD1, 0xE0, 0xF0])
def test_a_list_a_map_and_an_array_without_their_size_are_refused(constructor: int) -> None:
    with pytest.raises(MalformedError):
        decode(bytes([constructor]), 0)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_malformed(noise: bytes) -> None:
    for read in (parse, parse_batch):
        try:
            read(noise)
        except MalformedError:
            continue


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (UInt(0), "43"),
        (UInt(5), "5205"),
        (UInt(300), "700000012c"),
        (ULong(0x24), "5324"),
        (Int(-2), "71fffffffe"),
        (7, "810000000000000007"),
        (Timestamp(1), "830000000000000001"),
        ("ab", "a1026162"),
        (Symbol("ab"), "a3026162"),
        (True, "41"),
        ([None, "a"], "c0050240a10161"),
        (Described(0x24, []), "005324c00100"),
        (UUID(int=1), "98" + "00" * 15 + "01"),
        (Array([Symbol("a")]), "f00000000a00000001b30000000161"),
        (Array([5, 6]), "f0000000150000000281" + "00" * 7 + "05" + "00" * 7 + "06"),
    ],
)
def test_the_bytes_are_those_of_the_specification(value: Any, encoded: str) -> None:
    assert encode(value).hex() == encoded


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("e00702a1016101 62".replace(" ", ""), ["a", "b"]),
        ("e0040354010203", [1, 2, 3]),
        ("d00000000900000002a1016141", ["a", True]),
        ("d10000000900000002a1016141", {"a": True}),
        ("008000000000000000245454", Described(0x24, 0x54)),
        ("45", []),
        ("5601", True),
        ("55ff", -1),
        ("54ff", -1),
    ],
)
def test_other_encodings_of_the_same_are_understood(encoded: str, value: Any) -> None:
    assert decode(bytes.fromhex(encoded), 0)[0] == value


def test_properties_keep_their_exact_encoding_when_others_are_added() -> None:
    section = b"\x00\x53\x74" + encode({"small": Int(7), "when": Timestamp(5), "id": UUID(int=9)})
    changed = Content(application_properties=section).with_application_properties({"DeadLetterReason": "x"})
    assert split_map(changed.application_properties, 3) == {
        **split_map(section, 3),
        "DeadLetterReason": encode("x"),
    }


def test_what_a_broker_said_about_a_message_is_not_repeated_when_it_is_sent_again() -> None:
    stored = Stored(Content(body=b"\x00\x53\x75\xa0\x01x"), sequence_number=4, enqueued_at=1, enqueue_sequence_number=4)
    stored.dead_letter_source = "elsewhere"
    again = parse(encode_delivery(stored, locked_until=5))
    assert again.body == stored.content.body
    assert again.annotations == {}
