"""Looking things up in the log."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.identifiers import OperatorHome

from .entry import Direction, LogEntry


@dataclass(frozen=True, kw_only=True)
class LogQuery:
    """What is wanted, None for anything. `since` is inclusive, `until` exclusive; `text` may stand in any text."""

    since: datetime | None = None
    until: datetime | None = None
    direction: Direction | None = None
    action: str | None = None
    response_code: int | None = None
    reference_id: str | None = None
    text: str | None = None

    def wants(self, entry: LogEntry) -> bool:
        """Whether `entry` is one of those looked for; its time is left to whoever reads the log."""
        return (
            (self.direction is None or entry.direction is self.direction)
            and (self.action is None or entry.action == self.action)
            and (self.response_code is None or entry.response_code == self.response_code)
            and (self.reference_id is None or entry.reference_id == self.reference_id)
            and (self.text is None or self._mentions(entry, self.text.casefold()))
        )

    def _mentions(self, entry: LogEntry, wanted: str) -> bool:
        texts = (entry.message, entry.endpoint, entry.action, entry.reference_id, entry.payload, entry.answer)
        return any(wanted in text.casefold() for text in texts if text)


# One request looks through so many entries; what matches rarely is found by going on with the continuation.
MOST_LOOKED_AT = 5_000


class Logbook(Protocol):
    """Where entries lie."""

    async def write(self, *, home: OperatorHome, entry: LogEntry) -> None:
        """Writes one entry on its own. Raises StorageUnavailable."""
        ...

    def newest_first(
        self, *, home: OperatorHome, query: LogQuery, continuation: str | None
    ) -> AsyncIterator[tuple[str, LogEntry]]:
        """Entries in the query's time (and of its reference, if it names one), each with the continuation that goes on
        after it. Raises ContinuationUnreadable, StorageUnavailable.
        """
        ...


async def find_entries(
    *, logbook: Logbook, home: OperatorHome, query: LogQuery, limit: int, continuation: str | None
) -> tuple[list[LogEntry], str | None]:
    """At most `limit` entries, newest first, and what to continue with, None at the end.

    They may be fewer, or none, though there are more: then too many that do not match lie in between.
    """
    found: list[LogEntry] = []
    last: str | None = None
    looked_at = 0
    async for position, entry in logbook.newest_first(home=home, query=query, continuation=continuation):
        if len(found) == limit or looked_at == MOST_LOOKED_AT:
            return found, last
        looked_at += 1
        last = position
        if query.wants(entry):
            found.append(entry)
    return found, None
