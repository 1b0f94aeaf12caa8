"""What was read lately is not read again, for a while, and not more of it than fits."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.operators.timed_cache import TimedCache


class HeldClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The time at which it stands."""
        return self.time


class Source:
    """Counts how often it is read; can be held up, and can fail."""

    def __init__(self) -> None:
        self.reads = 0
        self.open = asyncio.Event()
        self.open.set()
        self.fault: Exception | None = None

    async def read(self) -> int:
        """How often it was read by now."""
        self.reads += 1
        reads = self.reads
        await self.open.wait()
        if self.fault is not None:
            raise self.fault
        return reads


def _cache(clock: HeldClock, *, most: int = 3) -> TimedCache[str, int]:
    return TimedCache(keep_for=timedelta(seconds=10), most=most, clock=clock)


async def test_a_value_is_held_for_its_time_and_not_longer() -> None:
    clock, source = HeldClock(), Source()
    cache = _cache(clock)
    assert [await cache.get("a", read=source.read) for _ in range(3)] == [1, 1, 1]
    clock.time += timedelta(seconds=9, milliseconds=999)
    assert await cache.get("a", read=source.read) == 1
    clock.time += timedelta(milliseconds=1)
    assert await cache.get("a", read=source.read) == 2


async def test_its_time_counts_from_before_it_was_read() -> None:
    clock, source = HeldClock(), Source()
    cache = _cache(clock)
    source.open.clear()
    waiting = asyncio.create_task(cache.get("a", read=source.read))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.time += timedelta(seconds=9)
    source.open.set()
    assert await waiting == 1
    clock.time += timedelta(seconds=1)
    assert await cache.get("a", read=source.read) == 2


async def test_who_asks_at_the_same_time_shares_one_read() -> None:
    source = Source()
    cache = _cache(HeldClock())
    assert await asyncio.gather(*(cache.get("a", read=source.read) for _ in range(50))) == [1] * 50


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    source = Source()
    cache = _cache(HeldClock())
    source.open.clear()
    first, second = (asyncio.create_task(cache.get("a", read=source.read)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    source.open.set()
    assert await second == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_failed_read_is_told_to_all_and_not_remembered() -> None:
    source = Source()
    cache = _cache(HeldClock())
    source.fault = ConnectionError("away")
    told = await asyncio.gather(*(cache.get("a", read=source.read) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in told] == [ConnectionError] * 3
    source.fault = None
    assert await cache.get("a", read=source.read) == 2


async def test_it_never_holds_more_than_it_may_and_drops_what_was_not_used() -> None:
    source = Source()
    cache = _cache(HeldClock())
    for key in ("a", "b", "c", "a", "d"):
        await cache.get(key, read=source.read)
    assert len(cache) == 3
    reads = source.reads
    await cache.get("a", read=source.read)
    assert source.reads == reads
    await cache.get("b", read=source.read)
    assert source.reads == reads + 1


async def test_what_is_forgotten_is_read_again_even_while_it_is_being_read() -> None:
    source = Source()
    cache = _cache(HeldClock())
    source.open.clear()
    outdated = asyncio.create_task(cache.get("a", read=source.read))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    cache.forget(lambda key: key == "a")
    fresh = asyncio.create_task(cache.get("a", read=source.read))
    await asyncio.sleep(0)
    source.open.set()
    assert (await outdated, await fresh) == (1, 2)
    assert await cache.get("a", read=source.read) == 2
    cache.forget(lambda key: key == "b")
    assert await cache.get("a", read=source.read) == 2
    cache.forget(lambda key: key == "a")
    assert await cache.get("a", read=source.read) == 3
