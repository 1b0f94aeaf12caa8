"""What the benchmark of the pages stores is what it says, and its checks know a wrong page from a right one."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.growth.acts import Stage
from bench.growth.history import drivers_of
from bench.growth.town import other_side
from bench.pages_growth import grown
from bench.pages_noted import NotedRows, Notes
from bench.pages_past import ENTRIES_OF_A_SESSION, Making, lines_of_drivers, new_making, newest_lines
from bench.pages_tabs import VISITS
from bench.pages_visits import Page, Visit, visit
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Upsert

NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)
SESSIONS = 200


@pytest.fixture
async def making(tmp_path: Path) -> AsyncIterator[Making]:
    async with other_side(tmp_path) as sandbox:
        yield await new_making(sandbox, now=NOW)


@pytest.fixture
async def stage(making: Making) -> AsyncIterator[Stage]:
    found = making.stage(sessions=SESSIONS)
    yield found
    await found.town.wiring.aclose()


async def test_the_log_has_ten_entries_of_each_session(stage: Stage) -> None:
    entries = [key for _, key in stage.rows.everything() if key.startswith("log|")]
    assert len(entries) == ENTRIES_OF_A_SESSION * SESSIONS + drivers_of(SESSIONS)


def test_every_line_is_listed_once_and_with_its_driver() -> None:
    by_driver = lines_of_drivers(SESSIONS, drivers=50)
    assert len(set(newest_lines(SESSIONS))) == SESSIONS
    assert sorted(each for lines in by_driver.values() for each in lines) == sorted(newest_lines(SESSIONS))


@pytest.mark.parametrize("it", [each for each in VISITS if not each.asks_the_broker], ids=lambda it: it.name)
async def test_a_page_of_other_things_is_noticed(it: Visit, stage: Stage) -> None:
    page = await visit(stage, it.address(stage, 3))
    it.check(stage, 3, page)
    # With one session more there would be another newest one, and other sessions and drivers under the same numbers.
    html = page.html.replace("1999", "1998").replace("/logs/", "/log/").replace("Bench<", "Another operator<")
    other = dataclasses.replace(page, html=html.replace("; 200 lines", "; 201 lines"))
    with pytest.raises(AssertionError):
        it.check(stage, 3, other)
    with pytest.raises(AssertionError):
        it.check(stage, 3, Page(address=page.address, html=""))


async def test_what_is_asked_at_the_same_time_is_one_round() -> None:
    notes, rows = Notes(), MemoryRows()
    await rows.commit(partition="p", changes=[Upsert(key=key, text="") for key in ("a", "b", "c")])
    noted = NotedRows(table="ledger", rows=rows, notes=notes)
    await asyncio.gather(
        noted.query(partition="p", first="a", before="c"),
        noted.read(partition="p", key="c"),
        noted.read(partition="p", key="d"),
    )
    await noted.read(partition="p", key="a")
    assert [len(group) for group in notes.groups] == [3, 1]
    assert (notes.operations, notes.ranges, notes.rows) == (4, 1, 4)


async def test_a_look_that_writes_is_noticed() -> None:
    noted = NotedRows(table="ledger", rows=MemoryRows(), notes=Notes())
    with pytest.raises(AssertionError, match="writes"):
        await noted.commit(partition="p", changes=[Upsert(key="a", text="")])


@pytest.mark.long
async def test_pages_ask_no_more_with_ten_times_as_much_stored(making: Making) -> None:
    figures = {figure.name: figure for figure in await grown(making, sizes=(1_000, 10_000), rounds=1)}
    for it in VISITS:
        # What they come to is counted up to bounds that are more than is stored here.
        if not it.asks_the_broker and not it.name.startswith("Deliveries"):
            for what in ("storage operations", "rows returned"):
                grew = figures[f"{it.name}, {what}, 100,000 to 10,000 entries stored"]
                assert grew.is_reached, grew
