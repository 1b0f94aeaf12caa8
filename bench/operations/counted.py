"""What is asked of storage, of Service Bus and of the log, counted where the system asks it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Change, Delete, Row
from shared.storage.table_entities import pieces_of


class Measure(StrEnum):
    """What is counted; the value is how a figure names it."""

    READS = "point reads"
    QUERIES = "queries"
    COMMITS = "commits"
    ROWS_READ = "rows read"
    ROWS_WRITTEN = "rows written"
    BYTES_READ = "bytes read"
    BYTES_WRITTEN = "bytes written"
    STORED = "bytes more stored"
    MESSAGES = "messages sent"
    MESSAGE_BYTES = "bytes in messages"
    PEEKS = "peeks at the broker"
    CALLS = "HTTP calls out"
    CALL_BYTES = "bytes in HTTP calls"
    SPANS = "spans told"
    SPAN_BYTES = "bytes in spans"
    METRICS = "rows of metrics"
    METRIC_BYTES = "bytes in rows of metrics"
    LOG_LINES = "lines for Application Insights"
    LOG_BYTES = "bytes in lines for Application Insights"


STORAGE_OPERATIONS = (Measure.READS, Measure.QUERIES, Measure.COMMITS)
BYTES = frozenset(measure for measure in Measure if measure.value.startswith("bytes"))

type Tally = Counter[Measure]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What one thing that happens costs; for something small, what so many of them cost on average."""

    name: str
    tally: dict[Measure, float]
    sample: int = 1

    def __getitem__(self, measure: Measure) -> float:
        return self.tally.get(measure, 0)

    @property
    def storage_operations(self) -> float:
        """Point reads, queries and commits: each is one HTTP request to the table service, and one transaction."""
        return sum(self[measure] for measure in STORAGE_OPERATIONS)

    @classmethod
    def sum_of(cls, name: str, parts: Sequence[Self]) -> "Counted":
        """What these cost together."""
        return Counted(name=name, tally={measure: sum(part[measure] for part in parts) for measure in Measure})


def difference(name: str, one: Counted, other: Counted) -> Counted:
    """What `one` costs more than `other`."""
    return Counted(name=name, tally={each: one[each] - other[each] for each in Measure}, sample=one.sample)


class CountedRows(MemoryRows):
    """The in-memory twin, counting. A row's bytes are its keys and its text, in UTF-8."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self._tally = tally

    async def read(self, *, partition: str, key: str) -> Row | None:
        """See `Rows.read`."""
        self._tally[Measure.READS] += 1
        found = await super().read(partition=partition, key=key)
        self._returned(partition, [found] if found else [])
        return found

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        """See `Rows.query`."""
        self._tally[Measure.QUERIES] += 1
        found = await super().query(partition=partition, first=first, before=before, limit=limit)
        self._returned(partition, found)
        return found

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """See `Rows.commit`."""
        stored = self._stored(partition, changes)
        versions = await super().commit(partition=partition, changes=changes)
        self._tally[Measure.COMMITS] += 1
        self._tally[Measure.ROWS_WRITTEN] += len(changes)
        self._tally[Measure.STORED] += self._stored(partition, changes) - stored
        self._tally[Measure.BYTES_WRITTEN] += sum(
            _bytes(partition, change.key, "" if isinstance(change, Delete) else change.text) for change in changes
        )
        return versions

    def _returned(self, partition: str, rows: Sequence[Row]) -> None:
        self._tally[Measure.ROWS_READ] += len(rows)
        self._tally[Measure.BYTES_READ] += sum(_bytes(partition, row.key, row.text) for row in rows)

    def _stored(self, partition: str, changes: Sequence[Change]) -> int:
        present = self._partitions[partition].rows
        return sum(
            stored_bytes(partition=partition, key=change.key, text=present[change.key].text)
            for change in changes
            if change.key in present
        )


def stored_bytes(*, partition: str, key: str, text: str) -> int:
    """What an entity takes in the table service, by Microsoft's formula: text is UTF-16 there.

    4 bytes, both keys, and for each property 8 bytes, its name and its value; a text has 4 bytes for its length. The
    time of the last change is in the 4 bytes.
    """
    properties: dict[str, str | bytes] = {"attempt": "0" * 32, **pieces_of(text)}
    values = (len(value) if isinstance(value, bytes) else 2 * len(value) for value in properties.values())
    return 4 + 2 * len(partition + key) + sum(12 + 2 * len(name) for name in properties) + sum(values)


def _bytes(partition: str, key: str, text: str) -> int:
    return len(partition.encode()) + len(key.encode()) + len(text.encode())


class CountedSender:
    """Stands where the SDK's sender of the deliveries queue does; `sent` is for who plays the queue."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.sent: list[bytes] = []

    async def send_messages(self, messages: Sequence[Any]) -> None:
        """Takes them all; each is billed for itself."""
        bodies = [b"".join(message.body) for message in messages]
        self._tally[Measure.MESSAGES] += len(bodies)
        self._tally[Measure.MESSAGE_BYTES] += sum(map(len, bodies))
        self.sent += bodies


class CountedEmptyQueue:
    """Stands where the SDK's client and its receiver of dead letters do: there are none."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def get_subscription_receiver(self, *_: object, **__: object) -> Self:
        """Itself."""
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def close(self) -> None:
        """Nothing is open."""

    async def peek_messages(self, *_: object, **__: object) -> list[Any]:
        """None."""
        self._tally[Measure.PEEKS] += 1
        return []


def bodies_in(listed: str) -> list[int]:
    """The length of each body in the sandbox's list of requests, byte for byte as it came; 0 where there was none."""
    decoder, found, mark = json.JSONDecoder(), list[int](), '"body":'
    at = listed.find(mark)
    while at >= 0:
        start = at + len(mark)
        body, end = decoder.raw_decode(listed, start)
        found.append(0 if body is None else len(listed[start:end].encode()))
        at = listed.find(mark, end)
    return found
