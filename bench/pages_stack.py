"""How soon pages are there on the whole stack, beside the same reads and ranges asked bare.

Azurite looks through a whole table row by row for each range, so the size that is stated is stored, and measured as it
is; Azure's table service finds a range by its keys. `bench.pages_growth` shows that what is asked does not grow.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
from bench.pages_visits import VISITS, Page, Visit, visit
from local.stack import Stack, running
from shared.storage.azure_rows import CLIENT_OPTIONS, AzureRows
from shared.wiring import CONFIGURATION, LEDGER

_TRANSACTION = 100
_WRITTEN_AT_ONCE = 8

type _Tables = Mapping[str, ReplayedRows]


async def on_the_stack(making: Making, *, sessions: int, sample: int, state: Path) -> list[Figure]:
    """Each visit, one after the other in turn with its bare reads, every page checked."""
    with running(state=state, in_memory_tables=True) as stack:
        async with aiohttp.ClientSession(stack.functions_url) as http, _tables_of(stack) as tables:
            for partition, texts in making.configuration_rows.texts().items():
                await tables[CONFIGURATION].fill(partition=partition, texts=texts)
            started = time.perf_counter()
            count = await _fill(tables[LEDGER], making.moulds(sessions=sessions))
            print(f"pages: {count:,} rows stored in {time.perf_counter() - started:.1f} s", file=sys.stderr)
            stage = making.stage(sessions=sessions)
            side_by_side = _SideBySide(stage=stage, making=making, http=http, tables=tables, sample=sample)
            figures = [figure for each in VISITS for figure in await side_by_side.measured(each)]
            await stage.town.wiring.aclose()
    return figures


@dataclass(frozen=True, kw_only=True)
class _SideBySide:
    """The app with its pages, and the tables that it reads. `stage` has the same past in memory."""

    stage: Stage
    making: Making
    http: aiohttp.ClientSession
    tables: _Tables
    sample: int

    async def measured(self, it: Visit) -> list[Figure]:
        taken: list[float] = []
        bare: list[float] = []
        asked: list[Notes] = []
        for number in range(self.sample):
            address = it.address(self.stage, number)
            asked.append(await self._noted(address))
            started = time.perf_counter()
            page = await _opened(self.http, address)
            taken.append((time.perf_counter() - started) * 1000)
            it.check(self.stage, number, page)
            started = time.perf_counter()
            await _ask_bare(self.tables, asked[-1].groups)
            bare.append((time.perf_counter() - started) * 1000)
        name = f"{it.name}, {self.stage.sessions * ENTRIES_OF_A_SESSION:,} entries stored"
        return [
            Figure(name=name, value=median(taken), floor=median(bare), unit="ms", sample=self.sample, goal=it.goal),
            *(
                Figure(name=f"{it.name}, {what}", value=median(counts), unit=unit, sample=self.sample)
                for what, unit, counts in (
                    ("storage operations", "operations", [notes.operations for notes in asked]),
                    ("of these ranges", "ranges", [notes.ranges for notes in asked]),
                    ("one after the other", "rounds", [len(notes.groups) for notes in asked]),
                    ("rows returned", "rows", [notes.rows for notes in asked]),
                )
            ),
        ]

    async def _noted(self, address: str) -> Notes:
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
    async with TableServiceClient.from_connection_string(stack.table_storage, **CLIENT_OPTIONS) as tables:
        yield {name: ReplayedRows(AzureRows(client=tables.get_table_client(name))) for name in (CONFIGURATION, LEDGER)}


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
