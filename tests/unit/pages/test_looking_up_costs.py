"""What people look up costs the same however much is stored: counted in operations against the ledger."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.logbook import Direction, log_entry
from shared.storage.logbook import log_changes
from tests.unit.pages.visitor import Visitor
from tests.unit.sessions.platform_messages import GLN, NOW, OWNER
from tests.unit.sessions.world import World, world
from tests.unit.test_operations_counted import CountedRows

SESSION = "1032427936"
BELOW = f"/integrations/{GLN}"
MANY = 5_000
BUCKETS = 4


@pytest.fixture
async def town() -> AsyncIterator[World]:
    """A world with a line, and with much else in its log; what its ledger is asked for is counted from then on."""
    rows = CountedRows()
    async with world(ledger=rows) as made:
        operator = await made.operator(default_tariff_id="flat")
        await made.tariff("flat")
        await made.contract()
        await made.settled()
        await made.wiring.background.settle()
        for number in range(MANY):
            entry = log_entry(
                at=NOW - timedelta(minutes=number + 1),
                direction=Direction.OUT,
                endpoint="e",
                action="a",
                message="m",
                reference_id=f"r-{number // 4}",
            )
            partition = operator.home.partition(f"r-{number // 4}")
            await rows.commit(partition=partition, changes=log_changes(entry))
        yield made


async def cost(town: World, address: str, status: int = 200) -> dict[str, int]:
    """The operations that a page takes."""
    rows = town.ledger
    assert isinstance(rows, CountedRows)
    rows.operations.clear()
    page = await Visitor().get(BELOW + address)
    assert page.status == status, page.text
    return dict(rows.operations)


async def test_the_first_page_of_the_log_is_one_query_for_each_partition(town: World) -> None:
    assert await cost(town, "/logs") == {"query": BUCKETS}


async def test_the_first_page_of_details_asks_the_ledger_nothing(town: World) -> None:
    """All that is counted is a page that this one takes in."""
    assert await cost(town, "") == {}


async def test_the_first_page_of_deliveries_is_a_query_for_each_list_and_a_read_for_each_line(town: World) -> None:
    """The newest lines and the counts; the one line."""
    assert await cost(town, "/deliveries") == {"query": 2 * BUCKETS, "read": 1}


async def test_a_reference_is_one_query_and_a_read_for_each_entry(town: World) -> None:
    assert await cost(town, "/logs?referenceId=r-7") == {"query": 1, "read": 4}


async def test_an_entry_is_a_read_for_each_partition(town: World) -> None:
    page = await Visitor().get(f"{BELOW}/logs?referenceId=r-7")
    address = str(page.soup.select("#results .entry a")[-1]["href"]).removeprefix(BELOW)
    assert await cost(town, address) == {"read": BUCKETS}


async def test_what_is_rare_is_looked_for_in_bounded_steps(town: World) -> None:
    assert await cost(town, "/logs?text=nothing-has-this") == {"query": 2 * BUCKETS}


async def test_a_search_for_a_name_asks_everywhere_once(town: World) -> None:
    """The session's range, the held sessions of each partition, the log; the driver and the claims on a tag."""
    assert await cost(town, "/find?q=nothing") == {"query": 1 + BUCKETS + 1, "read": 2}


async def test_a_story_is_the_range_of_one_session_and_of_its_references(town: World) -> None:
    """Its session, and the log of it, of its driver and of its tag; the driver twice and what the log has of it."""
    operations = await cost(town, f"/story/{SESSION}")
    assert operations["query"] == 1 + 1 + 2
    assert operations["read"] <= 2 + 2
    operations = await cost(town, f"/story/{OWNER}")
    assert operations["query"] == 1 + 1 + BUCKETS
