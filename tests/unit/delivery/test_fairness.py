"""A dead endpoint or a huge backlog is its operator's own, and what was just written does not stand behind it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.delivery import DeliveryState, Lane, Lanes, QueueHandlers
from shared.side_by_side import side_by_side
from tests.passing_time import let_pass, turns
from tests.unit.delivery.progress import blocked, delivery_of, probed
from tests.unit.sessions.platform_messages import GLN, stop_message
from tests.unit.sessions.world import World

BACKLOG = 160


async def _blocked_backlog(connected: World) -> None:
    """So many lines wait for the end of a blockade."""
    await connected.fault("invoice-line", "status", status=403, times=2)
    for number in range(BACKLOG):
        await connected.settled(stop_message(transactionId=number))
        connected.clock.move(seconds=1)
    await connected.deliver("0")
    connected.asked.requests.clear()
    connected.clock.move(seconds=30)
    await connected.wiring.due_work.run()


async def test_a_backlog_drains_oldest_first_while_new_lines_go_at_once(connected: World) -> None:
    await _blocked_backlog(connected)
    await connected.fault("invoice-line", "delay", seconds=0.05)
    draining = asyncio.create_task(probed(connected, minutes=1))
    await connected.until_requested(40)
    await connected.settled(stop_message(transactionId="new"))
    connected.asked.requests.clear()
    assert await connected.deliver("new") is DeliveryState.DELIVERED
    assert not draining.done()
    arrived = [line["transactionId"] for line in await connected.arrived()]
    assert arrived.index("new") < BACKLOG * 3 / 4
    await draining
    order = [int(line["transactionId"]) for line in await connected.arrived() if line["transactionId"] != "new"]
    assert sorted(order) == list(range(BACKLOG))
    assert all(abs(place - number) < 48 for place, number in enumerate(order))  # as many as are under way together
    assert await blocked(connected) is None


async def test_a_backlog_whose_attempts_hang_does_not_hold_up_what_was_just_written(connected: World) -> None:
    await connected.fault("invoice-line", "delay", seconds=20, times=16)
    for number in range(20):
        await connected.settled(stop_message(transactionId=number))
    connected.clock.move(seconds=30)
    stuck = asyncio.create_task(connected.wiring.due_work.run())
    await connected.until_requested(16)
    await connected.settled(stop_message(transactionId="new"))
    assert await connected.deliver("new") is DeliveryState.DELIVERED
    assert not stuck.done()
    assert [line["transactionId"] for line in await connected.arrived()] == ["new"]
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)


async def test_if_the_operator_is_refused_again_the_rest_waits_untried(connected: World) -> None:
    await _blocked_backlog(connected)
    await connected.fault("invoice-line", "status", status=200, times=5)
    await connected.fault("invoice-line", "status", status=401)
    before = len(await connected.requests())
    await probed(connected, minutes=1)
    tried = len(await connected.requests()) - before
    assert 5 < tried <= 5 + 2 * 32  # those that were under way, each with a fresh token
    assert await blocked(connected) is not None
    states = [(await delivery_of(connected, str(number))).state for number in range(BACKLOG)]
    assert (states.count(DeliveryState.DELIVERED), states.count(DeliveryState.BLOCKED)) == (5, BACKLOG - 5)


async def _taken(lanes: Lanes, gln: str, lane: Lane, until: asyncio.Event) -> bool:
    async with lanes.room(gln, lane) as is_free:
        if is_free:
            await until.wait()
        return is_free


async def test_each_operator_has_lanes_of_its_own_for_what_is_new_and_for_what_waits() -> None:
    lanes, end = Lanes(width=2, patience=timedelta(seconds=0.05)), asyncio.Event()
    full = [asyncio.create_task(_taken(lanes, "one", Lane.IMMEDIATE, end)) for _ in range(2)]
    await turns()
    assert not await _taken(lanes, "one", Lane.IMMEDIATE, end)  # nobody waits for long
    others = [
        asyncio.create_task(_taken(lanes, "one", Lane.BACKLOG, end)),
        asyncio.create_task(_taken(lanes, "other", Lane.IMMEDIATE, end)),
    ]
    end.set()
    assert all(await asyncio.gather(*full, *others))


async def test_an_immediate_attempt_waits_a_little_for_room() -> None:
    lanes, end = Lanes(width=1), asyncio.Event()
    first = asyncio.create_task(_taken(lanes, "one", Lane.IMMEDIATE, end))
    await turns()
    second = asyncio.create_task(_taken(lanes, "one", Lane.IMMEDIATE, end))
    await turns()
    assert not second.done()
    end.set()
    assert all(await asyncio.gather(first, second))


async def test_an_immediate_attempt_does_not_wait_behind_too_many() -> None:
    lanes, end = Lanes(width=1, most_waiting=2), asyncio.Event()
    waiting = [asyncio.create_task(_taken(lanes, "one", Lane.IMMEDIATE, end)) for _ in range(3)]
    await turns()
    assert not await _taken(lanes, "one", Lane.IMMEDIATE, end)
    end.set()
    assert all(await asyncio.gather(*waiting))


async def test_of_a_backlog_only_so_many_begin_in_a_second_and_time_that_passed_is_not_made_up_for() -> None:
    pause = 1000.0  # beside which what the test itself takes is nothing
    lanes, end = Lanes(width=100, rate=1 / pause), asyncio.Event()
    end.set()
    for _ in range(2):
        backlog = [asyncio.create_task(_taken(lanes, "one", Lane.BACKLOG, end)) for _ in range(11)]
        for begun in range(1, 12):
            await turns()
            assert sum(task.done() for task in backlog) == begun
            let_pass(pause)
        let_pass(5 * pause)
    others = [asyncio.create_task(_taken(lanes, f"operator {number}", Lane.BACKLOG, end)) for number in range(11)]
    await turns()
    assert all(task.done() for task in others)  # each has a pace of its own


async def test_half_of_the_queues_handlers_are_left_to_others() -> None:
    handlers = QueueHandlers(most_of_one=2)
    with handlers.held_by(GLN) as first, handlers.held_by(GLN) as second, handlers.held_by(GLN) as third:
        with handlers.held_by("other") as other:
            assert (first, second, third, other) == (True, True, False, True)
        with handlers.held_by(GLN) as fourth:
            assert not fourth  # leaving what was not had gives nothing back
    with handlers.held_by(GLN) as again:
        assert again


async def _pages(*pages: list[int], fault: Exception | None = None) -> AsyncIterator[list[int]]:
    for page in pages:
        yield page
    if fault is not None:
        raise fault


async def test_pages_are_gone_through_without_waiting_for_the_slowest_of_each() -> None:
    slow, done, most = asyncio.Event(), [], 0
    under_way = 0

    async def do(number: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if number == 0:
            await slow.wait()
        await asyncio.sleep(0)
        under_way -= 1
        done.append(number)
        if number == 5:
            slow.set()

    assert await side_by_side(_pages([0, 1, 2], [3, 4], [5]), do, at_once=2) == 6
    assert (sorted(done), done[-1], most) == ([0, 1, 2, 3, 4, 5], 0, 2)


async def test_what_goes_wrong_with_the_pages_is_raised_when_what_was_begun_is_done() -> None:
    done = []

    async def do(number: int) -> None:
        await asyncio.sleep(0)
        done.append(number)

    with pytest.raises(LookupError):
        await side_by_side(_pages([1, 2], fault=LookupError()), do, at_once=8)
    assert done == [1, 2]
    assert await side_by_side(_pages([3], [4], [5]), do, at_once=8, most=2) == 2
    assert done == [1, 2, 3, 4]
