"""How soon pages are there on the whole stack, beside the same reads and ranges asked bare.

The size that is stated is stored, and measured as it is. `bench.pages_growth` shows that what is asked does not grow.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
from statistics import median

import aiohttp
from azure.data.tables.aio import TableServiceClient

from bench.figure import Figure
from bench.floor.rows import ReplayedRows
from bench.floor.step import Query, Read
from bench.growth.acts import Stage
from bench.growth.mould import Mould
from bench.pages_noted import NotedRows, Notes
from bench.pages_past import ENTRIES_OF_A_SESSION, Making
from bench.pages_tabs import VISITS
from bench.pages_visits import Page, Visit, visit
from local.stack import Stack, running
from shared.storage.azure_rows import CLIENT_OPTIONS, AzureRows
from shared.wiring import CONFIGURATION, LEDGER

_TRANSACTION = 100
_WRITTEN_AT_ONCE = 8
_PATIENCE_SECONDS = 120

type _Tables = Mapping[str, ReplayedRows]


async def on_the_stack(making: Making, *, sizes: Sequence[int], sample: int, state: Path) -> list[Figure]:
    """Each visit, one after the other in turn with its bare reads and with the other sizes, every page checked. With
    two sizes also how much longer it takes with the second.
    """
    async with AsyncExitStack() as open_ones:
        stores = [
            await open_ones.enter_async_context(_stored(making, sessions=sessions, state=state / str(sessions)))
            for sessions in sizes
        ]
        return [figure for it in VISITS for figure in await _measured(it, stores, sample)]


@dataclass(frozen=True, kw_only=True)
class _Stored:
    """A stack with its pages, and the tables that it reads. `stage` has the same past in memory."""

    stage: Stage
    making: Making
    http: aiohttp.ClientSession
    tables: _Tables

    @property
    def entries(self) -> str:
        """How much is stored, in words."""
        return f"{self.stage.sessions * ENTRIES_OF_A_SESSION:,}"

    async def noted(self, address: str) -> Notes:
        """What the page asks once the operator's configuration is known, which it is for half a minute."""
        town, notes = self.stage.town, Notes()
        kept, rows = town.wiring, {CONFIGURATION: self.making.configuration.rows, LEDGER: self.stage.rows}
        tables = {name: NotedRows(table=name, rows=each, notes=notes) for name, each in rows.items()}
        town.wiring = self.making.wiring(town, tables=dict(tables))
        await visit(self.stage, address)
        notes.forget()
        await visit(self.stage, address)
        town.wiring = kept
        return notes


@dataclass
class _Taken:
    """Milliseconds of the page and of its bare reads, and what was asked."""

    page: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    asked: list[Notes] = field(default_factory=list)


async def _measured(it: Visit, stores: Sequence[_Stored], sample: int) -> list[Figure]:
    taken = [_Taken() for _ in stores]
    for number in range(sample + 1):
        for stored, each in zip(stores, taken, strict=True):
            address = it.address(stored.stage, number)
            notes = None if it.asks_the_broker else await stored.noted(address)
            started = time.perf_counter()
            page = await _opened(stored.http, address)
            milliseconds = (time.perf_counter() - started) * 1000
            it.check(stored.stage, number, page)
            if number == 0:
                continue  # templates are read then, and caches filled
            each.page.append(milliseconds)
            if notes is not None:
                started = time.perf_counter()
                await _ask_bare(stored.tables, notes.groups)
                each.bare.append((time.perf_counter() - started) * 1000)
                each.asked.append(notes)
    figures = [
        figure
        for stored, each in zip(stores, taken, strict=True)
        for figure in _figures(it, each, entries=stored.entries, sample=sample)
    ]
    if len(stores) == 2:
        little, much = (median(each.page) for each in taken)
        name = f"{it.name}, {stores[1].entries} to {stores[0].entries} entries stored"
        figures.append(Figure(name=name, value=much / little, unit="times", sample=sample))
    return figures


def _figures(it: Visit, taken: _Taken, *, entries: str, sample: int) -> Iterator[Figure]:
    yield Figure(
        name=f"{it.name}, {entries} entries stored",
        value=median(taken.page),
        floor=median(taken.bare) if taken.bare else None,
        unit="ms",
        sample=sample,
        goal=it.goal,
    )
    for what, unit, counts in (
        ("storage operations", "operations", [notes.operations for notes in taken.asked]),
        ("of these ranges", "ranges", [notes.ranges for notes in taken.asked]),
        ("one after the other", "rounds", [len(notes.groups) for notes in taken.asked]),
        ("rows returned", "rows", [notes.rows for notes in taken.asked]),
    ):
        if counts:
            name = f"{it.name}, {what}, {entries} entries stored"
            yield Figure(name=name, value=median(counts), unit=unit, sample=sample)


@asynccontextmanager
async def _stored(making: Making, *, sessions: int, state: Path) -> AsyncIterator[_Stored]:
    """A stack of its own with so much stored."""
    with running(state=state, in_memory_tables=True) as stack:
        async with aiohttp.ClientSession(stack.functions_url) as http, _tables_of(stack) as tables:
            for partition, texts in making.configuration_rows.texts().items():
                await tables[CONFIGURATION].fill(partition=partition, texts=texts)
            started = time.perf_counter()
            count = await _fill(tables[LEDGER], making.moulds(sessions=sessions))
            print(f"pages: {count:,} rows stored in {time.perf_counter() - started:.1f} s", file=sys.stderr)
            stage = making.stage(sessions=sessions)
            yield _Stored(stage=stage, making=making, http=http, tables=tables)
            await stage.town.wiring.aclose()


async def _opened(http: aiohttp.ClientSession, address: str) -> Page:
    async with http.get(address) as response:
        html = await response.text()
        if response.status != 200:
            raise RuntimeError(f"{address} answered {response.status}: {html}")
        return Page(address=response.url.path, html=html)


async def _ask_bare(tables: _Tables, groups: Sequence[Sequence[Read | Query]]) -> None:
    for group in groups:
        await asyncio.gather(*(_ask(tables[step.table], step) for step in group))


async def _ask(rows: ReplayedRows, step: Read | Query) -> None:
    match step:
        case Read():
            await rows.read(partition=step.partition, key=step.key)
        case Query():
            await rows.query(partition=step.partition, first=step.first, before=step.before, limit=step.limit)


@asynccontextmanager
async def _tables_of(stack: Stack) -> AsyncIterator[_Tables]:
    # While so much is written Node may collect its garbage for many seconds.
    options = {**CLIENT_OPTIONS, "read_timeout": _PATIENCE_SECONDS}
    async with TableServiceClient.from_connection_string(stack.table_storage, **options) as tables:
        yield {
            name: ReplayedRows(AzureRows(client=tables.get_table_client(name), patience_seconds=_PATIENCE_SECONDS))
            for name in (CONFIGURATION, LEDGER)
        }


async def _fill(rows: ReplayedRows, moulds: Sequence[Mould]) -> int:
    """Writes the past, as it is cast, in large transactions; says how many rows."""
    transactions = _transactions(moulds)
    written = 0

    async def work() -> None:
        nonlocal written
        for partition, texts in transactions:
            await rows.fill(partition=partition, texts=texts)
            written += len(texts)

    async with asyncio.TaskGroup() as group:
        for _ in range(_WRITTEN_AT_ONCE):
            group.create_task(work())
    return written


def _transactions(moulds: Sequence[Mould]) -> Iterator[tuple[str, dict[str, str]]]:
    for mould in moulds:
        numbers: dict[str, list[int]] = {}
        for number, partition in enumerate(mould.partitions):
            numbers.setdefault(partition, []).append(number)
        for partition, there in numbers.items():
            rows = (mould.row(key, number) for key, number in zip(mould.keys(there), there, strict=True))
            for some in batched(rows, _TRANSACTION, strict=False):
                yield partition, {row.key: row.text for row in some}
