"""How each kind of thing is measured on one side, the function app or the floor."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bench import messages
from bench.side import Side

AT_ONCE = 16
MOST_ON_THEIR_WAY = 256
ASKED_AGAIN_SECONDS = 0.005
LOOKED_AT_SECONDS = 0.05


@dataclass(kw_only=True)
class Taken:
    """What one side took for one kind of thing, over all rounds: how many in how many seconds, and each of them."""

    count: int = 0
    elapsed: float = 0.0
    each: list[float] = field(default_factory=list)

    def add(self, count: int, elapsed: float, each: Iterable[float] = ()) -> None:
        """One more round."""
        self.count += count
        self.elapsed += elapsed
        self.each += each

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.count / self.elapsed


async def events_to_allowed(it: Side, numbers: range, taken: Taken, *, at_once: int) -> None:
    """From publishing a contract event until its tag may charge, so many at once."""

    async def one(number: int) -> None:
        await it.publish(range(number, number + 1))
        while not await it.is_allowed(number):  # noqa: ASYNC110  it cannot call back
            await asyncio.sleep(ASKED_AGAIN_SECONDS)

    taken.add(len(numbers), *await timed(numbers, one, at_once=at_once))


async def backlog_of_events(it: Side, numbers: range, taken: Taken) -> None:
    """From publishing all until all are carried out."""
    before = await it.done("event")
    started = time.perf_counter()
    await it.publish(numbers)
    await it.until_done("event", before + len(numbers), pause=LOOKED_AT_SECONDS)
    taken.add(len(numbers), time.perf_counter() - started)
    for number in numbers:
        if not await it.is_allowed(number):
            raise RuntimeError(f"{it.name}: driver {number} may not charge")


async def questions(it: Side, numbers: range, taken: Taken, *, drivers: int, at_once: int) -> None:
    """Whether a tag may charge; it may."""

    async def one(number: int) -> None:
        if not await it.is_allowed(number % drivers):
            raise RuntimeError(f"{it.name}: driver {number % drivers} may not charge")

    taken.add(len(numbers), *await timed(numbers, one, at_once=at_once))


async def stops(it: Side, numbers: range, taken: Taken, *, drivers: int) -> None:
    """Sessions end and are acknowledged as settled."""

    async def one(number: int) -> None:
        await it.stop(number, drivers=drivers)

    taken.add(len(numbers), *await timed(numbers, one, at_once=AT_ONCE))


async def lines(it: Side, numbers: range, taken: Taken, *, drivers: int) -> None:
    """From a session's end until its line is at Utility Cloud, with a bounded number on their way."""
    before = await it.done("delivery")
    sent: dict[str, datetime] = {}
    may_send = asyncio.Event()
    may_send.set()

    async def one(number: int) -> None:
        await may_send.wait()
        sent[messages.session(number)] = datetime.now(UTC)
        await it.stop(number, drivers=drivers)

    async def watch() -> None:
        while (done := await it.done("delivery") - before) < len(numbers):
            if len(sent) - done < MOST_ON_THEIR_WAY:
                may_send.set()
            else:
                may_send.clear()
            await asyncio.sleep(LOOKED_AT_SECONDS)

    async with asyncio.timeout(300), asyncio.TaskGroup() as group:
        group.create_task(watch())
        await timed(numbers, one, at_once=AT_ONCE)
    arrived = await it.arrived()
    missing = sent.keys() - arrived.keys()
    if missing:
        raise RuntimeError(f"{it.name}: {len(missing)} of {len(sent)} lines did not arrive")
    ways = [(arrived[session] - at).total_seconds() for session, at in sent.items()]
    elapsed = (max(arrived[session] for session in sent) - min(sent.values())).total_seconds()
    taken.add(len(numbers), elapsed, ways)


async def timed(
    numbers: range, one: Callable[[int], Awaitable[None]], *, at_once: int
) -> tuple[float, Sequence[float]]:
    """Seconds for all, so many at once, and for each."""
    left, each = iter(numbers), []

    async def work() -> None:
        for number in left:
            started = time.perf_counter()
            await one(number)
            each.append(time.perf_counter() - started)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    return time.perf_counter() - started, each
