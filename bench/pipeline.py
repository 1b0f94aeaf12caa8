"""What goes through the whole stack, measured in turn with its floor: events, authorizations, stops, lines."""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bench.bare_reads import bare_reads
from bench.figure import Figure, percentile
from bench.floor.recording import record
from bench.floor.step import Recording
from bench.measures import AT_ONCE, Taken, backlog_of_events, events_to_allowed, lines, questions, stops
from bench.side import app_stack, floor_stack, running_floor, side
from local.stack import Stack

SLOW_SECONDS = 0.1
LEAST_OF_FLOOR = 0.6
MOST_OF_READS = 2.0


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many of each there are in a round, which is done on one side and then on the other."""

    rounds: int
    drivers: int
    questions: int
    sessions: int
    slow_sessions: int


FULL = Size(rounds=5, drivers=100, questions=300, sessions=1_000, slow_sessions=200)
QUICK = Size(rounds=2, drivers=20, questions=50, sessions=40, slow_sessions=20)

type Measure = Callable[[range, Taken], Awaitable[None]]


def pipeline(size: Size) -> list[Figure]:
    """Everything; each ends by checking that what should have arrived did, each once, with its amount."""
    figures = []
    for with_deliveries, measured in ((False, _incoming), (True, _to_lines)):
        with _both(size, with_deliveries=with_deliveries) as (app, floor, recording):
            figures += asyncio.run(measured(app, floor, recording, size))
    return figures


@contextmanager
def _both(size: Size, *, with_deliveries: bool) -> Iterator[tuple[Stack, Stack, Recording]]:
    drivers, sessions = size.rounds * size.drivers * 3, size.rounds * size.sessions
    if with_deliveries:
        drivers, sessions = size.drivers, sessions + size.rounds * size.slow_sessions
    with ExitStack() as open_:
        state = Path(open_.enter_context(tempfile.TemporaryDirectory()))
        floor = open_.enter_context(floor_stack(state=state / "floor"))
        _say(f"recording what {drivers:,} drivers and {sessions:,} sessions take")
        recording = asyncio.run(record(stack=floor, drivers=drivers, sessions=sessions))
        open_.enter_context(running_floor(stack=floor, recording=recording, with_deliveries=with_deliveries))
        app = open_.enter_context(app_stack(state=state / "app", with_deliveries=with_deliveries))
        yield app, floor, recording


async def _incoming(app_stack_: Stack, floor_stack_: Stack, recording: Recording, size: Size) -> list[Figure]:
    drivers = size.rounds * size.drivers
    async with (
        side(stack=app_stack_, is_floor=False) as app,
        side(stack=floor_stack_, is_floor=True) as floor,
        bare_reads(stack=floor_stack_, recording=recording) as bare,
    ):

        async def events(measure: Callable[..., Awaitable[None]], *, after: int) -> tuple[Taken, Taken]:
            return await _in_turn(
                partial(measure, app), partial(measure, floor), size.rounds, size.drivers, after=after * drivers
            )

        async def asked(at_once: int) -> tuple[Taken, Taken, Taken]:
            by_app, by_floor = (partial(questions, it, drivers=drivers, at_once=at_once) for it in (app, floor))
            by_reads = partial(bare.take, drivers=drivers, at_once=at_once)
            _, on_floor = await _in_turn(by_app, by_floor, size.rounds, size.questions)
            in_app, read = await _in_turn(by_app, by_reads, size.rounds, size.questions)
            return in_app, on_floor, read

        _say("contract events")
        one = await events(partial(events_to_allowed, at_once=1), after=0)
        some = await events(partial(events_to_allowed, at_once=AT_ONCE), after=1)
        many = await events(backlog_of_events, after=2)
        _say("authorizations")
        alone, together = await asked(1), await asked(AT_ONCE)
        _say("stops")
        stopped = await _in_turn(
            partial(stops, app, drivers=drivers), partial(stops, floor, drivers=drivers), size.rounds, size.sessions
        )
    return [
        _rate("contract events, 1 at a time", "events/s", *one),
        *_latencies("contract event to allowed, 1 at a time", *one),
        _rate(f"contract events, {AT_ONCE} at a time", "events/s", *many),
        *_latencies(f"contract event to allowed, {AT_ONCE} at a time", *some),
        *_authorizations("1 at a time", *alone),
        *_authorizations(f"{AT_ONCE} at a time", *together),
        _rate(f"stops acknowledged, {AT_ONCE} at a time", "stops/s", *stopped),
        *_latencies("stop acknowledged", *stopped),
    ]


async def _to_lines(app_stack_: Stack, floor_stack_: Stack, recording: Recording, size: Size) -> list[Figure]:
    async with side(stack=app_stack_, is_floor=False) as app, side(stack=floor_stack_, is_floor=True) as floor:
        by_app, by_floor = (partial(lines, it, drivers=size.drivers) for it in (app, floor))
        for it in (app, floor):
            await backlog_of_events(it, range(size.drivers), Taken())
            await it.forget_lines()
        _say("stops to lines")
        at_once = await _in_turn(by_app, by_floor, size.rounds, size.sessions)
        for it in (app, floor):
            await it.slow(SLOW_SECONDS)
        _say(f"stops to lines, Utility Cloud answering in {SLOW_SECONDS * 1000:g} ms")
        slowly = await _in_turn(by_app, by_floor, size.rounds, size.slow_sessions, after=size.rounds * size.sessions)
    figures = []
    for how, taken in (("at once", at_once), (f"in {SLOW_SECONDS * 1000:g} ms", slowly)):
        name = f"stop to line, answered {how}"
        figures += [_rate(name, "sessions/s", *taken), *_latencies(name, *taken)]
    return figures


async def _in_turn(app: Measure, floor: Measure, rounds: int, count: int, *, after: int = 0) -> tuple[Taken, Taken]:
    """Rounds of so many with numbers from `after`, each on one side, then on the other, and the next one inversely."""
    taken = Taken(), Taken()
    for number in range(rounds):
        numbers = range(after + number * count, after + (number + 1) * count)
        order = ((app, taken[0]), (floor, taken[1]))
        for measure, into in order if number % 2 == 0 else reversed(order):
            await measure(numbers, into)
    return taken


def _authorizations(how: str, app: Taken, floor: Taken, bare: Taken) -> list[Figure]:
    name = f"authorization, {how}"
    [p50, p99] = _latencies(name, app, bare)
    return [_rate(name, "requests/s", app, floor, at_least=None), replace(p50, ratio_at_most=MOST_OF_READS), p99]


def _rate(name: str, unit: str, app: Taken, floor: Taken, *, at_least: float | None = LEAST_OF_FLOOR) -> Figure:
    return Figure(name=name, value=app.rate, unit=unit, sample=app.count, floor=floor.rate, ratio_at_least=at_least)


def _latencies(name: str, app: Taken, floor: Taken) -> list[Figure]:
    return [
        Figure(
            name=f"{name}, p{share * 100:g}",
            value=percentile(app.each, share) * 1000,
            unit="ms",
            sample=len(app.each),
            floor=percentile(floor.each, share) * 1000,
        )
        for share in (0.5, 0.99)
    ]


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
