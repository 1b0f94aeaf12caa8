"""JSON goes in and out without losing a digit."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.json_documents import MAX_DEPTH, NotJson, parse_json, print_json, read_json

NUMBERS = st.integers(-(10**40), 10**40) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_what_was_printed_is_read_as_it_was(document: Any) -> None:
    printed = print_json(document)
    assert read_json(printed) == document


def _refusal(raw: bytes) -> str | None:
    try:
        print_json(parse_json(raw)).encode()
    except NotJson as refused:
        return refused.reason
    return None


@given(DOCUMENTS)
def test_what_is_parsed_and_printed_again_says_the_same(document: Any) -> None:
    raw = print_json(document).encode()
    refusal = _refusal(raw)
    if refusal is None:
        assert print_json(parse_json(raw)).encode() == raw
    else:
        assert "number" in refusal or "nested" in refusal


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_refused_in_words(raw: bytes) -> None:
    assert _refusal(raw) != ""


def test_digits_are_kept() -> None:
    assert print_json(parse_json(b"[1.10,0.30,1e2,-0.0,10000000000000000000000001]")) == (
        "[1.10,0.30,100,-0.0,10000000000000000000000001]"
    )


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse_json(b"\xef\xbb\xbf{}") == {}


def test_the_deepest_that_is_taken() -> None:
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(NotJson):
        parse_json(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


@pytest.mark.parametrize("number", ["1e101", "0e101", "1e-200", "1e99999999999999999999", "-1e-99999999999999999999"])
def test_a_number_beyond_all_sense_is_not_json(number: str) -> None:
    refusal = _refusal(number.encode())
    assert refusal is not None
    assert "number" in refusal


def test_times_are_printed_in_utc_and_names_as_their_value() -> None:
    class Colour(StrEnum):
        RED = "red"

    at = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert print_json({"at": at, "colour": Colour.RED, "pair": (1, 2)}) == (
        '{"at":"2026-01-01T00:00:00Z","colour":"red","pair":[1,2]}'
    )
    assert datetime.now(UTC).tzinfo is not None


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), float("nan"), object(), {1, 2}, b"x"])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        print_json([value])
