"""Whether what is stored makes anything dearer: a session, a question, a look into the log, with ever more behind them.

The store is the in-memory twin. Azurite cannot show this: it looks through a partition row by row, which Azure's table
service does not, and a million sessions would measure that. So this shows what the system asks of its store and what
it does with the answers; it does not show the store's own time, which for a point or a range is Azure's to keep.

Times are of the CPU. Sizes are measured in turn, one act of each, so that what disturbs the machine disturbs them all.
"""

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.figure import Figure, percentile
from bench.growth.acts import ACTS, Act, Stage, ask, read_bare
from bench.growth.history import Pattern, drivers_of
from bench.growth.rows import RowsWithPast
from bench.growth.town import Configuration, Town, new_configuration, other_side
from local.sandbox import RunningSandbox

SESSIONS: Final = (1_000, 30_000, 1_000_000)
TOKENS: Final = (100, 1_000_000)
QUICK_SESSIONS: Final = (1_000, 30_000)
QUICK_TOKENS: Final = (100, 30_000)
AT_MOST: Final = 1.2
_ROUNDS: Final = 9
_QUESTIONS: Final = 2_000
_ASKED: Final = 100  # different drivers, with few tokens stored and with many: so the machine's caches do not differ


def growth(*, quick: bool) -> list[Figure]:
    """What each act takes with few and with many sessions stored, and how much more that is."""
    with tempfile.TemporaryDirectory() as certificates:
        return asyncio.run(_growth(Path(certificates), quick=quick))


async def _growth(certificates: Path, *, quick: bool) -> list[Figure]:
    async with other_side(certificates) as sandbox:
        configuration, pattern = await new_configuration(sandbox), Pattern()
        await pattern.happen(configuration=configuration, sandbox=sandbox)
        making = _Making(configuration=configuration, pattern=pattern, sandbox=sandbox)
        return [
            *await _acts(making, QUICK_SESSIONS if quick else SESSIONS),
            *await _questions(making, QUICK_TOKENS if quick else TOKENS),
        ]


@dataclass(frozen=True, kw_only=True)
class _Making:
    """What towns with a past are made of."""

    configuration: Configuration
    pattern: Pattern
    sandbox: RunningSandbox

    def stage(self, *, sessions: int, drivers: int) -> Stage:
        """A town with so much behind it."""
        started, rows = time.perf_counter(), RowsWithPast()
        rows.lay_down(self.pattern.drivers(count=drivers))
        rows.lay_down(self.pattern.sessions(count=sessions, drivers=drivers))
        count, seconds = rows.close_past(), time.perf_counter() - started
        print(
            f"growth: {sessions:,} sessions, {drivers:,} drivers, {count:,} rows stored in {seconds:.1f} s",
            file=sys.stderr,
        )
        town = Town(configuration=self.configuration, ledger=rows, sandbox=self.sandbox)
        return Stage(town=town, rows=rows, sessions=sessions, drivers=drivers)


@dataclass
class _Measured:
    """What one act took with one size stored: the median time of each round, and what was asked of the store."""

    microseconds: list[float] = field(default_factory=list)
    operations: float = 0
    rows: float = 0


async def _acts(making: _Making, sizes: Sequence[int]) -> list[Figure]:
    stages = [making.stage(sessions=size, drivers=drivers_of(size)) for size in sizes]
    for stage in stages:
        stage.look_through(references=max(act.sample for act in ACTS))
    figures: list[Figure] = []
    with _the_past_left_alone():
        for act in ACTS:
            await _round(act, stages, [_Measured() for _ in stages])  # rows are cast and caches filled
            measured = [_Measured() for _ in stages]
            for _ in range(_ROUNDS):
                await _round(act, stages, measured)
            figures += _figures(act, sizes, measured)
    for stage in stages:
        await stage.town.wiring.aclose()
    return figures


async def _round(act: Act, stages: Sequence[Stage], measured: Sequence[_Measured]) -> None:
    """One act, some times in each town, each checked. What it wrote is then forgotten: every round meets the same."""
    times: list[list[float]] = [[] for _ in stages]
    outcomes: list[list[Any]] = [[] for _ in stages]
    before = [(stage.rows.operations, stage.rows.rows_returned) for stage in stages]
    for number in range(act.sample):
        for place, stage in enumerate(stages):
            started = time.process_time_ns()
            outcomes[place].append(await act.carry_out(stage, number))
            times[place].append((time.process_time_ns() - started) / 1000)
    for place, (stage, into) in enumerate(zip(stages, measured, strict=True)):
        operations, returned = before[place]
        into.microseconds.append(median(times[place]))
        into.operations = (stage.rows.operations - operations) / act.sample
        into.rows = (stage.rows.rows_returned - returned) / act.sample
        for number, outcome in enumerate(outcomes[place]):
            await act.check(stage, number, outcome)
        stage.rows.forget_the_present()


def _figures(act: Act, sizes: Sequence[int], measured: Sequence[_Measured]) -> Iterator[Figure]:
    sample = act.sample * _ROUNDS
    for what, unit, rounds in (
        ("CPU", "µs", [each.microseconds for each in measured]),
        ("storage operations", "operations", [[each.operations] for each in measured]),
        ("rows returned", "rows", [[each.rows] for each in measured]),
    ):
        yield from _grown(
            name=f"{act.name}, {what}", unit=unit, stored="sessions", sizes=sizes, rounds=rounds, sample=sample
        )


async def _questions(making: _Making, sizes: Sequence[int]) -> list[Figure]:
    """The use case behind the door beside the two reads that it cannot do without, which are its floor."""
    stages = [making.stage(sessions=0, drivers=size) for size in sizes]
    answered: list[list[tuple[float, float]]] = [[] for _ in sizes]
    read: list[list[tuple[float, float]]] = [[] for _ in sizes]
    with _the_past_left_alone():
        for number in range(1 + _ROUNDS):
            for one, into in ((ask, answered), (read_bare, read)):
                for rounds, latencies in zip(into, await _latencies(stages, one), strict=True):
                    if number:  # as above
                        rounds.append(latencies)
    for stage in stages:
        await stage.town.wiring.aclose()
    figures: list[Figure] = []
    for place, name in enumerate(("p50", "p99")):
        grown = _grown(
            name=f"authorization, CPU {name}",
            unit="µs",
            stored="tokens",
            sizes=sizes,
            rounds=[[each[place] for each in rounds] for rounds in answered],
            sample=_QUESTIONS * _ROUNDS,
        )
        floors = [min(each[place] for each in rounds) for rounds in read]
        figures += [replace(figure, floor=floor) for figure, floor in zip_longest(grown, floors)]
    return figures


async def _latencies(
    stages: Sequence[Stage], one: Callable[[Stage, int], Awaitable[None]]
) -> list[tuple[float, float]]:
    """Median and 99th percentile in microseconds, of each stage."""
    times: list[list[float]] = [[] for _ in stages]
    for number in range(_QUESTIONS):
        for stage, taken in zip(stages, times, strict=True):
            started = time.process_time_ns()
            await one(stage, number % _ASKED)
            taken.append((time.process_time_ns() - started) / 1000)
    return [(percentile(taken, 0.5), percentile(taken, 0.99)) for taken in times]


def _grown(
    *, name: str, unit: str, stored: str, sizes: Sequence[int], rounds: Sequence[Sequence[float]], sample: int
) -> Iterator[Figure]:
    """The best round with each size stored; and the median, over all rounds, of what most stored is to least."""
    for size, values in zip(sizes, rounds, strict=True):
        yield Figure(name=f"{name}, {size:,} {stored} stored", value=min(values), unit=unit, sample=sample)
    yield Figure(
        name=f"{name}, {sizes[-1]:,} to {sizes[0]:,} {stored} stored",
        value=median(most / least for least, most in zip(rounds[0], rounds[-1], strict=True)),
        unit="times",
        sample=sample,
        goal=AT_MOST,
    )


@contextmanager
def _the_past_left_alone() -> Iterator[None]:
    """The garbage collector does not look through millions of rows that no process of the app would hold."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
