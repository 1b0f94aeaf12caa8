"""The beginning of each kind in an index, without reading what one kind has too much of."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.storage.keys_by_kind import keys_by_kind
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Row, Upsert, key_of

KINDS = ("blocked", "delivered", "exhausted", "for-a-person", "held", "held-back")


class CountedRows(MemoryRows):
    """Counts queries and what they gave."""

    queries = given = 0

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        found = await super().query(partition=partition, first=first, before=before, limit=limit)
        self.queries += 1
        self.given += len(found)
        return found


async def filled(counts: Sequence[int]) -> CountedRows:
    """So many of each kind, between rows of other indexes."""
    keys = [key_of("index", kind, f"{n:04d}") for kind, count in zip(KINDS, counts, strict=True) for n in range(count)]
    rows = CountedRows()
    for key in (*keys, "index", "index-of|held|1", "inde|held|1", "index}|held|1"):
        await rows.commit(partition="p", changes=[Upsert(key=key, text="")])
    return rows


@given(counts=st.lists(st.integers(0, 12), min_size=6, max_size=6), most=st.integers(1, 8))
async def test_each_kind_has_its_first_keys_and_enough_of_them(counts: list[int], most: int) -> None:
    rows = await filled(counts)
    found = await keys_by_kind(rows, partition="p", index="index", most=most)
    assert set(found) == {kind for kind, count in zip(KINDS, counts, strict=True) if count}
    for kind, count in zip(KINDS, counts, strict=True):
        keys = found.get(kind, [])
        assert keys == [f"index|{kind}|{number:04d}" for number in range(len(keys))]
        assert min(count, most) <= len(keys) <= min(count, 2 * most)
    assert rows.queries <= 1 + rows.given / most


async def test_of_what_there_is_too_much_little_is_read() -> None:
    rows = await filled([3, 1_000, 0, 0, 2, 0])
    found = await keys_by_kind(rows, partition="p", index="index", most=50)
    assert {kind: len(keys) for kind, keys in found.items()} == {"blocked": 3, "delivered": 97, "held": 2}
    assert (rows.queries, rows.given) == (3, 102)


@pytest.mark.parametrize(
    ("first_kind", "last_kind", "kinds"),
    [
        ("exhausted", "for-a-person", {"exhausted", "for-a-person"}),
        (None, "blocked", {"blocked"}),
        # In a key `-` comes before what stands between parts.
        ("held-back", None, {"held-back", "held"}),
        ("held", None, {"held"}),
    ],
)
async def test_only_kinds_between_those_named_are_looked_for(
    first_kind: str | None, last_kind: str | None, kinds: set[str]
) -> None:
    rows = await filled([2] * 6)
    found = await keys_by_kind(rows, partition="p", index="index", most=5, first_kind=first_kind, last_kind=last_kind)
    assert set(found) == kinds
