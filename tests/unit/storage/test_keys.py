"""Keys carry any text, and rows are as large as Azure allows."""

import string

from hypothesis import given
from hypothesis import strategies as st

from shared.storage.rows import MAX_TEXT_BYTES, key_of, range_below
from shared.storage.table_entities import pieces_of

parts = st.text(st.characters(codec="utf-8"), max_size=400)
plain = st.text(string.ascii_letters + string.digits + "-._:", min_size=1, max_size=100)
ENTITY_BYTES = 1024 * 1024
PROPERTY_BYTES = 64 * 1024


@given(st.lists(parts, min_size=1, max_size=4))
def test_a_key_has_only_what_every_store_takes(some: list[str]) -> None:
    key = key_of(*some)
    assert set(key) <= set(string.ascii_letters + string.digits + "-._:|~")
    assert len(key) <= 512


@given(st.lists(parts, min_size=1, max_size=3), st.lists(parts, min_size=1, max_size=3))
def test_different_parts_have_different_keys(some: list[str], others: list[str]) -> None:
    assert (key_of(*some) == key_of(*others)) == (some == others)


@given(st.lists(parts, min_size=1, max_size=2), st.lists(parts, min_size=1, max_size=4))
def test_the_range_below_parts_has_exactly_the_keys_that_begin_with_them(above: list[str], some: list[str]) -> None:
    first, before = range_below(*above)
    inside = first <= key_of(*some) < before
    assert inside == (len(some) > len(above) and some[: len(above)] == above)
    assert first <= key_of(*above, *some) < before


@given(plain, plain)
def test_keys_of_plain_parts_sort_as_the_parts_do(one: str, other: str) -> None:
    assert (key_of("at", one) < key_of("at", other)) == (one < other)


@given(st.integers(0, 3), st.sampled_from("xå日🔌"))
def test_the_largest_rows_fit_into_an_entity(short_of: int, letter: str) -> None:
    """Azurite takes more than Azure does, so this is counted: text as UTF-16, and some for names and keys."""
    text = letter * (MAX_TEXT_BYTES // len(letter.encode()) - short_of)
    for each in (text, text[:200_000], text[:200_001]):
        sizes = [
            len(piece.encode("utf-16-le")) if isinstance(piece, str) else len(piece)
            for piece in pieces_of(each).values()
        ]
        assert max(sizes) <= PROPERTY_BYTES
        assert sum(sizes) + 64 * len(sizes) + 4096 <= ENTITY_BYTES
