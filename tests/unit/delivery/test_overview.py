"""Many deliveries at a glance: counted within bounds, by the operator's clocks."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from shared.delivery import DeliveryState, Grain, Overview, Statement, overview, statement
from tests.unit.sessions.platform_messages import NOW, stop_message
from tests.unit.sessions.world import World

OSLO = ZoneInfo("Europe/Oslo")


async def lines(town: World, count: int, *, first: int = 0) -> None:
    """So many lines, a minute after each other."""
    for number in range(first, first + count):
        await town.settled(stop_message(transactionId=f"S-{number}", chargerId=f"C-{number}"))
        town.clock.move(minutes=1)


async def course(
    town: World,
    grain: Grain,
    *,
    zone: ZoneInfo = OSLO,
    now: datetime | None = None,
    most: int = 1000,
    few: int = 100,
) -> Overview:
    """Lines over time."""
    operator = await town.operator()
    return await overview(
        index=town.wiring.delivery_index,
        home=operator.home,
        grain=grain,
        zone=zone,
        now=now or town.clock.now(),
        few=few,
        most=most,
    )


@pytest.mark.parametrize(("grain", "bars"), [(Grain.HOUR, 48), (Grain.DAY, 31), (Grain.MONTH, 12)])
@pytest.mark.parametrize("zone", ["Europe/Oslo", "Asia/Kathmandu", "America/St_Johns", "UTC"])
@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 3, 29, 0, 59, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2028, 2, 29, 12, tzinfo=UTC),
    ],
)
async def test_bars_follow_each_other_and_the_last_is_now(
    town: World, grain: Grain, bars: int, zone: str, now: datetime
) -> None:
    found = (await course(town, grain, zone=ZoneInfo(zone), now=now)).bars
    assert len(found) == bars
    assert all(before.until == after.since for before, after in pairwise(found))
    assert found[-1].since <= now < found[-1].until
    if grain is not Grain.HOUR:
        local = [bar.since.astimezone(ZoneInfo(zone)) for bar in found]
        assert {(each.hour, each.minute) for each in local} == {(0, 0)}
        assert grain is Grain.DAY or {each.day for each in local} == {1}


async def test_the_day_on_which_clocks_are_put_back_is_longer(town: World) -> None:
    found = await course(town, Grain.DAY, now=datetime(2026, 10, 26, 12, tzinfo=UTC))
    assert [bar.until - bar.since for bar in found.bars][-2:] == [timedelta(hours=25), timedelta(hours=24)]


async def test_what_is_older_than_the_first_bar_is_not_counted(town: World) -> None:
    await lines(town, 3)
    town.clock.at = NOW + timedelta(days=30)
    assert sum(bar.lines for bar in (await course(town, Grain.DAY)).bars) == 3
    town.clock.at = NOW + timedelta(days=31)
    assert sum(bar.lines for bar in (await course(town, Grain.DAY)).bars) == 0


async def test_beyond_the_bound_it_is_said_from_when_the_count_is_whole(town: World) -> None:
    await lines(town, 12)
    whole = await course(town, Grain.HOUR, most=13, few=5)
    assert (sum(bar.lines for bar in whole.bars), whole.complete_since) == (12, None)
    cut = await course(town, Grain.HOUR, most=5, few=5)
    assert (sum(bar.lines for bar in cut.bars), cut.complete_since) == (5, NOW + timedelta(minutes=7))


async def test_what_a_clock_that_was_ahead_wrote_is_counted_as_new(town: World) -> None:
    town.clock.move(hours=3)
    await lines(town, 1)
    assert (await course(town, Grain.HOUR, now=NOW)).bars[-1].lines == 1


@pytest.mark.parametrize("few", [1, 3, 8, 9, 10, 100])
async def test_bars_count_the_same_however_many_are_looked_at_first(town: World, few: int) -> None:
    await lines(town, 9)
    assert sum(bar.lines for bar in (await course(town, Grain.DAY, few=few)).bars) == 9


@pytest.mark.parametrize(("counted", "count"), [(3, 3), (9, 9), (1000, 9)])
async def test_states_are_counted_up_to_a_bound(town: World, counted: int, count: int) -> None:
    await lines(town, 9)
    operator = await town.operator()
    found = await town.wiring.delivery_index.counts(home=operator.home, at_most=counted)
    assert found == dict.fromkeys(DeliveryState, 0) | {DeliveryState.PENDING: count}


@pytest.mark.parametrize(("most", "taken", "is_whole"), [(5, 5, False), (9, 9, True), (10, 9, True)])
async def test_a_statement_says_whether_it_is_whole(town: World, most: int, taken: int, is_whole: bool) -> None:
    await lines(town, 9)
    found = await stated(town, most)
    assert (len(found.lines), found.is_whole) == (taken, is_whole)
    assert sum(each.lines for each in found.totals) == sum(each.lines for each in found.sums) == taken


async def stated(town: World, most: int) -> Statement:
    """What was written of the last days."""
    operator = await town.operator()
    return await statement(
        index=town.wiring.delivery_index,
        home=operator.home,
        since=NOW - timedelta(days=3),
        until=NOW + timedelta(days=1),
        most=most,
    )
