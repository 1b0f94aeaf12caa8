"""Everything that passed is found again, by whatever is known of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.logbook import Direction, LogEntry, LogQuery, find_entries
from shared.logbook.search import MOST_LOOKED_AT
from shared.storage.logbook import StoredLogbook
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Row
from tests.unit.logbook.entries import AT, HOME, entry, found

ONE = entry(1, action="ContractActivated", reference_id="707057500000000018", payload='{"Rfid":"04A1B2C3D4"}')
TWO = entry(2, direction=Direction.OUT, action="invoice-line", response_code=409, reference_id="S-1", answer="Straße")
THREE = entry(3, action="authorization-refused", message="no driver ever had 04FF", endpoint="api/v1/charging-events")
FOUR = entry(4, response_code=None, reference_id="a/b#c?d%e'f|g~h å 🔌", action="sweep")


@pytest.fixture
async def logbook() -> StoredLogbook:
    logbook = StoredLogbook(rows=MemoryRows())
    for each in (TWO, FOUR, ONE, THREE):
        await logbook.write(home=HOME, entry=each)
    return logbook


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [FOUR, THREE, TWO, ONE]),
        ({"direction": Direction.OUT}, [TWO]),
        ({"direction": Direction.IN}, [FOUR, THREE, ONE]),
        ({"action": "invoice-line"}, [TWO]),
        ({"action": "invoice"}, []),
        ({"response_code": 200}, [THREE, ONE]),
        ({"response_code": 409}, [TWO]),
        ({"reference_id": "S-1"}, [TWO]),
        ({"reference_id": "S"}, []),
        ({"reference_id": "a/b#c?d%e'f|g~h å 🔌"}, [FOUR]),
        ({"text": "04a1b2"}, [ONE]),
        ({"text": "STRASSE"}, [TWO]),
        ({"text": "charging-EVENTS"}, [THREE]),
        ({"text": "ever had"}, [THREE]),
        ({"text": "707057500000000018"}, [ONE]),
        ({"text": "sweep"}, [FOUR]),
        ({"since": AT + timedelta(seconds=2)}, [FOUR, THREE, TWO]),
        ({"until": AT + timedelta(seconds=2)}, [ONE]),
        ({"since": AT + timedelta(seconds=2), "until": AT + timedelta(seconds=3)}, [TWO]),
        ({"since": AT + timedelta(seconds=2), "until": AT + timedelta(seconds=2)}, []),
        ({"since": AT + timedelta(seconds=2, microseconds=1)}, [FOUR, THREE]),
        ({"until": AT + timedelta(seconds=2, microseconds=1)}, [TWO, ONE]),
        ({"reference_id": "S-1", "since": AT + timedelta(seconds=2)}, [TWO]),
        ({"reference_id": "S-1", "until": AT + timedelta(seconds=2)}, []),
        ({"reference_id": "S-1", "direction": Direction.IN}, []),
        ({"direction": Direction.IN, "response_code": 200, "text": "driver"}, [THREE, ONE]),
    ],
)
async def test_entries_are_found_newest_first_by_each_filter_and_by_several(
    logbook: StoredLogbook, query: dict[str, Any], expected: list[LogEntry]
) -> None:
    assert await found(logbook, **query) == expected


@pytest.mark.parametrize("limit", [1, 7, 50, 1000])
@pytest.mark.parametrize("reference", [None, "S-7"])
async def test_many_entries_over_several_partitions_come_page_by_page_each_once(
    limit: int, reference: str | None
) -> None:
    logbook = StoredLogbook(rows=MemoryRows())
    written = []
    for second in range(300):
        each = entry(second // 3, reference_id=reference or (f"S-{second}" if second % 4 else None))
        written.append(each)
        await logbook.write(home=HOME, entry=each)
    entries = await found(logbook, limit=limit, reference_id=reference)
    assert sorted(each.id for each in entries) == sorted(each.id for each in written)
    assert [each.at for each in entries] == sorted((each.at for each in entries), reverse=True)


async def test_a_filter_that_matches_rarely_is_answered_with_what_there_is_and_a_continuation() -> None:
    logbook = StoredLogbook(rows=MemoryRows())
    rare = entry(-1, message="needle")
    await logbook.write(home=HOME, entry=rare)
    plain = entry(1)
    for number in range(MOST_LOOKED_AT + 10):
        await logbook.write(home=HOME, entry=replace(plain, id=f"{number:06d}"))
    query = LogQuery(text="needle")
    first, continuation = await find_entries(logbook=logbook, home=HOME, query=query, limit=5, continuation=None)
    assert (first, continuation is None) == ([], False)
    assert await found(logbook, text="needle") == [rare]


async def test_an_entry_under_the_same_id_and_time_replaces_the_one_before() -> None:
    logbook = StoredLogbook(rows=MemoryRows())
    for message in ("first", "second"):
        await logbook.write(home=HOME, entry=entry(1, entry_id="e-1", message=message, reference_id="r"))
    queries: list[dict[str, Any]] = [{}, {"reference_id": "r"}]
    for query in queries:
        assert [each.message for each in await found(logbook, **query)] == ["second"]


async def test_operators_do_not_see_each_others_entries(logbook: StoredLogbook) -> None:
    other = replace(HOME, gln="7080000000012")
    entries, _ = await find_entries(logbook=logbook, home=other, query=LogQuery(), limit=9, continuation=None)
    assert entries == []


@pytest.mark.parametrize("letter", ["x", '"', "\x00", "å", "🔌", "\udc00"])
async def test_the_longest_texts_are_kept_in_one_row_and_told_to_be_cut(letter: str) -> None:
    """A body that is taken at all has 256 KB; it is kept whole unless JSON needs six characters for each of its own."""
    logbook = StoredLogbook(rows=MemoryRows())
    taken, longer = letter * (256 * 1024 // len(letter.encode(errors="replace"))), letter * 500_000
    await logbook.write(
        home=HOME, entry=entry(1, payload=longer, answer=longer, message=longer, reference_id=letter * 90)
    )
    await logbook.write(home=HOME, entry=entry(2, payload=taken, reference_id="taken"))
    kept = (await found(logbook, reference_id="taken"))[0].payload
    assert kept is not None
    assert len(kept) == len(taken) or letter in '\x00"'
    cut = (await found(logbook))[1]
    for text in (cut.payload, cut.answer):
        assert text is not None
        assert text.endswith("… (500000 characters in all)")
        assert len(text) > 60_000


async def test_looking_up_a_reference_reads_what_it_returns_and_little_more() -> None:
    class Counted(MemoryRows):
        operations = 0

        async def read(self, *, partition: str, key: str) -> Row | None:
            self.operations += 1
            return await super().read(partition=partition, key=key)

        async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
            self.operations += 1
            return await super().query(partition=partition, first=first, before=before, limit=limit)

    rows = Counted()
    logbook = StoredLogbook(rows=rows)
    for number in range(500):
        await logbook.write(home=HOME, entry=entry(number, reference_id=f"S-{number % 50}"))
    assert len(await found(logbook, reference_id="S-7")) == 10
    assert rows.operations == 1 + 10
