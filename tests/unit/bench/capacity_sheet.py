"""The tables and formulas of `docs/capacity.md`, read as a program reads them, and what was counted."""

import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.operations import TIMERS, counts, runs_a_month, timer_name
from bench.operations.counted import Counted, Measure

DOCUMENT = Path(__file__).parents[3] / "docs" / "capacity.md"
MONTH_S = 30 * 24 * 3600
SIZES = {"1,000 sessions": 1_000, "30,000 sessions": 30_000, "1,000,000 sessions": 1_000_000}
RATES = {"1 a second": MONTH_S, "100 a second": 100 * MONTH_S, "10,000 a second": 10_000 * MONTH_S}

type Line = dict[str, str]


@cache
def counted() -> Mapping[str, Counted]:
    """Everything that is counted, by its name; counted once."""
    return {each.name: each for each in counts()}


def tables() -> list[list[Line]]:
    """Every table of the document: its lines, by the heads of the columns."""
    found: list[list[Line]] = []
    for block in re.findall(r"(?:^\|.*\n)+", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE):
        heads, _, *lines = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in block.splitlines()]
        found.append([dict(zip(heads, line, strict=True)) for line in lines])
    return found


def table(column: str) -> list[Line]:
    """The first table that has such a column."""
    return next(lines for lines in tables() if lines and column in lines[0])


def number(cell: str) -> float:
    """A number as it is written for people, in a cell that may say more after it."""
    found = re.match(r"-?[\d,]+(\.\d+)?", cell)
    assert found, cell
    return float(found[0].replace(",", ""))


def name_in(cell: str) -> str:
    """The name in backticks."""
    found = re.fullmatch(r"`(\w+)`", cell)
    assert found, cell
    return found[1]


def cold(name: str) -> Counted:
    """The same with caches run out, where that was counted."""
    what, _, step = name.partition(": ")
    found = counted()
    return found.get(f"{what}, caches run out: {step}") or found.get(f"{name}, caches run out") or found[name]


def reckoned(sessions: float) -> dict[str, Any]:
    """Every variable of the document's formulas, over what was counted, for so many sessions a month."""
    variables: dict[str, Any] = {"exp": math.exp, "sessions": sessions, "timers": [_timer(each) for each in TIMERS]}
    for line in table("with caches run out"):
        variables[name_in(line["name"])] = _thing(line["what"])
    for formulas in re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), flags=re.DOTALL):
        exec(formulas, variables)  # noqa: S102  our own document: its formulas are what is tested
    return variables


def _thing(name: str) -> SimpleNamespace:
    it = counted()[name]
    return SimpleNamespace(
        operations=it.storage_operations,
        cold=cold(name).storage_operations,
        rows=it[Measure.ROWS_READ] + it[Measure.ROWS_WRITTEN],
        stored=it[Measure.STORED],
        messages=it[Measure.MESSAGES],
        calls=it[Measure.CALLS],
        call_bytes=it[Measure.CALL_BYTES],
        told=it[Measure.SPAN_BYTES] + it[Measure.LOG_BYTES],
        metrics=it[Measure.METRIC_BYTES],
    )


def _timer(timer: Any) -> SimpleNamespace:
    name = f"idle run of {timer_name(timer)}"
    it, one_more = counted()[name], counted()[f"{name}, each further operator"]
    return SimpleNamespace(
        name=timer_name(timer),
        runs=runs_a_month(timer),
        operations=it.storage_operations,
        further=one_more.storage_operations,
        metrics=it[Measure.METRIC_BYTES],
        metrics_further=one_more[Measure.METRIC_BYTES],
        peeks=it[Measure.PEEKS],
        calls=it[Measure.CALLS],
    )
