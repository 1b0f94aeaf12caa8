"""Whether pages become dearer with what is stored: over the in-memory twin, at two sizes, each visit checked.

As in `bench.growth`, for the reasons told there.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.figure import Figure
from bench.growth.acts import Stage
from bench.pages_past import ENTRIES_OF_A_SESSION, Making
from bench.pages_tabs import VISITS
from bench.pages_visits import Visit, visit

_AT_MOST = 1.2


@dataclass
class _Taken:
    """What one visit took with one size stored: the median of each round, and what was asked of the store at last."""

    milliseconds: list[float] = field(default_factory=list)
    operations: float = 0
    rows: float = 0


async def grown(making: Making, *, sizes: tuple[int, int], rounds: int) -> list[Figure]:
    """Each visit in turn with little and with much stored, and how much more it took."""
    seen = [each for each in VISITS if not each.asks_the_broker]
    stages = [making.stage(sessions=size) for size in sizes]
    gc.collect()
    gc.freeze()  # the collector does not look through millions of rows that no process of the app would hold
    try:
        figures = [figure for each in seen for figure in await _measured(each, stages, rounds)]
    finally:
        gc.unfreeze()
    for stage in stages:
        await stage.town.wiring.aclose()
    return figures


async def _measured(it: Visit, stages: Sequence[Stage], rounds: int) -> list[Figure]:
    await _round(it, stages, [_Taken() for _ in stages])  # rows are cast and caches filled
    taken = [_Taken() for _ in stages]
    for _ in range(rounds):
        await _round(it, stages, taken)
    return list(_figures(it, stages, taken))


async def _round(it: Visit, stages: Sequence[Stage], taken: Sequence[_Taken]) -> None:
    times: list[list[float]] = [[] for _ in stages]
    before = [(stage.rows.operations, stage.rows.rows_returned) for stage in stages]
    for number in range(it.sample):
        for stage, each in zip(stages, times, strict=True):
            started = time.process_time()
            page = await visit(stage, it.address(stage, number))
            each.append((time.process_time() - started) * 1000)
            it.check(stage, number, page)
    for place, stage in enumerate(stages):
        taken[place].milliseconds.append(median(times[place]))
        taken[place].operations = (stage.rows.operations - before[place][0]) / it.sample
        taken[place].rows = (stage.rows.rows_returned - before[place][1]) / it.sample


def _figures(it: Visit, stages: Sequence[Stage], taken: Sequence[_Taken]) -> Iterator[Figure]:
    stored = [f"{stage.sessions * ENTRIES_OF_A_SESSION:,}" for stage in stages]
    for what, unit, values in (
        ("CPU", "ms", [each.milliseconds for each in taken]),
        ("storage operations", "operations", [[each.operations] for each in taken]),
        ("rows returned", "rows", [[each.rows] for each in taken]),
    ):
        sample = it.sample * len(taken[0].milliseconds)
        for entries, rounds in zip(stored, values, strict=True):
            name = f"{it.name}, {what}, {entries} entries stored"
            yield Figure(name=name, value=min(rounds), unit=unit, sample=sample)
        least, most = values
        yield Figure(
            name=f"{it.name}, {what}, {stored[1]} to {stored[0]} entries stored",
            value=median(_times(before, after) for before, after in zip(least, most, strict=True)),
            unit="times",
            sample=sample,
            goal=_AT_MOST,
        )


def _times(before: float, after: float) -> float:
    """How much more it is; what is nothing before and after is as much."""
    return 1.0 if before == after else after / before
