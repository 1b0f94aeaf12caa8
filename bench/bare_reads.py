"""The point reads of an authorization by themselves, from the benchmark's own process: no request, no answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from azure.data.tables.aio import TableServiceClient

from bench.floor.rows import ReplayedRows
from bench.floor.step import QUESTION, Read, Recording
from bench.measures import Taken, timed
from local.stack import Stack
from shared.storage.azure_rows import CLIENT_OPTIONS, AzureRows


@dataclass(frozen=True, kw_only=True)
class BareReads:
    """What the floor reads for each question, read once more."""

    recording: Recording
    rows: dict[str, ReplayedRows]

    async def take(self, numbers: range, taken: Taken, *, drivers: int, at_once: int) -> None:
        """The reads of so many questions."""
        taken.add(len(numbers), *await timed(numbers, partial(self._one, drivers=drivers), at_once=at_once))

    async def _one(self, number: int, *, drivers: int) -> None:
        for group in self.recording.works[QUESTION][number % drivers].before:
            for step in group:
                assert isinstance(step, Read)  # a question has nothing else before its answer
                if not await self.rows[step.table].read(partition=step.partition, key=step.key):
                    raise RuntimeError(f"{step.key} is not there")


@asynccontextmanager
async def bare_reads(*, stack: Stack, recording: Recording) -> AsyncIterator[BareReads]:
    """Reads from the floor's tables."""
    async with TableServiceClient.from_connection_string(stack.table_storage, **CLIENT_OPTIONS) as tables:
        rows = {name: ReplayedRows(AzureRows(client=tables.get_table_client(name))) for name in recording.rows}
        yield BareReads(recording=recording, rows=rows)
