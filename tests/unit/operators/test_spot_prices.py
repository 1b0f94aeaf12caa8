"""A market day of spot prices is looked up from memory for a while, and of several who write none gets lost half."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.operators import put_spot_prices
from shared.operators.register import StaleDocument
from shared.storage.memory_rows import MemoryRows
from shared.storage.spot_price_rows import SpotPriceRows
from tests.unit.functions.app_support import GLN, OTHER_GLN, App

DAY = date(2026, 1, 15)
NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)


@pytest.fixture
async def app() -> AsyncIterator[App]:
    """The app over rows in memory."""
    running = await App().start()
    yield running
    await running.close()


class SlowRows(MemoryRows):
    """Lets others run between a read and what follows it."""

    async def read(self, **what: Any) -> Any:
        """As stored, a little later."""
        found = await super().read(**what)
        await asyncio.sleep(0)
        return found


def _document(price: str) -> dict[str, Any]:
    return {"currency": "NOK", "resolutionMinutes": 60, "prices": [Decimal(price)] * 24}


async def _put(store: SpotPriceRows, price: str, *, gln: str = GLN, revision: str | None = None) -> str:
    put = await put_spot_prices(
        gln=gln,
        bidding_zone="NO1",
        date_text=DAY.isoformat(),
        document=_document(price),
        store=store,
        now=NOON,
        matches=lambda present: revision is None or present == revision,
    )
    return put.day.revision


async def _price(app: App, gln: str = GLN) -> Decimal | None:
    day = await app.wiring.directory.spot_day(gln, "NO1", DAY)
    return day.prices[0] if day else None


async def _send(app: App, price: float, gln: str = GLN) -> None:
    document = {"currency": "NOK", "resolutionMinutes": 60, "prices": [price] * 24}
    reply = await app.send("PUT", f"/api/v1/operators/{gln}/spot-prices/NO1/{DAY}", document)
    assert reply.status in {200, 201}, reply.body


async def test_a_day_is_found_as_sessions_are_priced_with_it(app: App) -> None:
    await _send(app, 0.5)
    day = await app.wiring.directory.spot_day(GLN, "NO1", DAY)
    assert day is not None
    assert (day.bidding_zone, day.date, day.currency, day.resolution_minutes) == ("NO1", DAY, "NOK", 60)
    assert day.prices == (Decimal("0.5"),) * 24
    assert await app.wiring.directory.spot_day(GLN, "NO2", DAY) is None
    assert await app.wiring.directory.spot_day(GLN, "NO1", date(2026, 1, 16)) is None
    assert await app.wiring.directory.spot_day(OTHER_GLN, "NO1", DAY) is None


async def test_a_look_costs_one_read_and_a_second_one_nothing(app: App) -> None:
    await _send(app, 0.5)
    await app.quiet()
    reads = app.rows.reads
    await asyncio.gather(*(_price(app) for _ in range(20)))
    assert app.rows.reads == reads + 1
    await _price(app)
    assert app.rows.reads == reads + 1


async def test_that_there_is_none_is_remembered_too_but_not_for_long(app: App) -> None:
    assert await _price(app) is None
    reads = app.rows.reads
    assert await _price(app) is None
    assert app.rows.reads == reads
    await _put(app.wiring.spot_prices, "0.5")  # as another instance does
    assert await _price(app) is None
    app.clock.move(seconds=25)
    assert await _price(app) == Decimal("0.5")


async def test_what_is_put_here_is_seen_at_once(app: App) -> None:
    for price in (0.5, 0.75):
        await _price(app)
        await _send(app, price)
        assert await _price(app) == Decimal(str(price))


async def test_a_put_of_one_operator_leaves_the_others_in_memory(app: App) -> None:
    await _send(app, 0.5, OTHER_GLN)
    assert await _price(app, OTHER_GLN) == Decimal("0.5")
    await _send(app, 0.75)
    await app.quiet()
    reads = app.rows.reads
    assert await _price(app, OTHER_GLN) == Decimal("0.5")
    assert app.rows.reads == reads


async def test_of_days_put_at_once_one_stands_whole() -> None:
    store = SpotPriceRows(rows=SlowRows())
    revisions = await asyncio.gather(*(_put(store, f"0.{number}") for number in range(1, 7)))
    stored = await store.find(gln=GLN, bidding_zone="NO1", day=DAY)
    assert stored is not None
    assert stored.value.revision in revisions
    assert len(set(stored.value.prices)) == 1
    [listed] = (await store.listed(gln=GLN, since=None, until=None, limit=10, continuation=None)).items
    assert listed == stored.value.in_short()


async def test_of_several_with_the_same_if_match_one_gets_through() -> None:
    store = SpotPriceRows(rows=SlowRows())
    revision = await _put(store, "0.1")
    outcomes = await asyncio.gather(
        *(_put(store, f"0.{number}", revision=revision) for number in range(2, 7)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["StaleDocument"] * 4 + ["str"]
    with pytest.raises(StaleDocument):
        await _put(store, "0.9", revision=revision)
