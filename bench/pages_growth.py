"""Whether pages become dearer with what is stored: their processor time over the in-memory twin, at two sizes.

As in `bench.growth`, for the reasons told there.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from statistics import median

from bench.figure import Figure
from bench.growth.acts import Stage
from bench.pages_past import ENTRIES_OF_A_SESSION, Making
from bench.pages_visits import VISITS, Visit, visit

_AT_MOST = 1.2
_ROUNDS = 5


async def grown(making: Making, *, sizes: tuple[int, int]) -> list[Figure]:
    """Each visit in turn with little and with much stored, checked, and how much more it took."""
    stages = [making.stage(sessions=size) for size in sizes]
    gc.collect()
    gc.freeze()  # the collector does not look through millions of rows that no process of the app would hold
    try:
        figures = [figure for each in VISITS for figure in await _measured(each, stages)]
    finally:
        gc.unfreeze()
    for stage in stages:
        await stage.town.wiring.aclose()
    return figures


async def _measured(it: Visit, stages: Sequence[Stage]) -> list[Figure]:
    rounds: list[list[float]] = []
    for _ in range(1 + _ROUNDS):
        taken: list[list[float]] = [[] for _ in stages]
        for number in range(it.sample):
            for stage, times in zip(stages, taken, strict=True):
                started = time.process_time()
                page = await visit(stage, it.address(stage, number))
                times.append(time.process_time() - started)
                it.check(stage, number, page)
        rounds.append([median(times) * 1000 for times in taken])
    return list(_figures(it, stages, rounds[1:]))  # in the first one rows are cast and caches filled


def _figures(it: Visit, stages: Sequence[Stage], rounds: Sequence[Sequence[float]]) -> Iterator[Figure]:
    sample = it.sample * len(rounds)
    for place, stage in enumerate(stages):
        stored = f"{stage.sessions * ENTRIES_OF_A_SESSION:,} entries stored"
        yield Figure(
            name=f"{it.name}, CPU, {stored}", value=min(each[place] for each in rounds), unit="ms", sample=sample
        )
    least, most = (stage.sessions * ENTRIES_OF_A_SESSION for stage in stages)
    yield Figure(
        name=f"{it.name}, CPU, {most:,} to {least:,} entries stored",
        value=median(each[-1] / each[0] for each in rounds),
        unit="times",
        sample=sample,
        goal=_AT_MOST,
    )
