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

    @property
    def looks_through(self) -> bool:
        """Whether much must be looked through for it: what is not found by its reference, nor by its time alone."""
        return self.reference_id is None and any(
            each is not None for each in (self.direction, self.action, self.response_code, self.text)
        )

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


@dataclass(frozen=True, kw_only=True)
class Search:
    """How far a search has come: what it found, newest first, and where it goes on, None at its end. `back_to` is the
    time of the oldest entry that it looked at, None if there was none.
    """

    entries: tuple[LogEntry, ...]
    continuation: str | None = None
    back_to: datetime | None = None


async def find_entries(
    *, logbook: Logbook, home: OperatorHome, query: LogQuery, limit: int, continuation: str | None
) -> tuple[list[LogEntry], str | None]:
    """At most `limit` entries, newest first, and what to continue with, None at the end.

    They may be fewer, or none, though there are more: then too many that do not match lie in between.
    """
    search = await search_back(logbook=logbook, home=home, query=query, limit=limit, continuation=continuation)
    return list(search.entries), search.continuation


async def search_back(
    *,
    logbook: Logbook,
    home: OperatorHome,
    query: LogQuery,
    limit: int,
    continuation: str | None = None,
    most_looked_at: int = MOST_LOOKED_AT,
    most_characters: int | None = None,
) -> Search:
    """The same, and how far back it looked. It stops early when what it found has `most_characters` of payloads and
    answers. Raises ContinuationUnreadable, StorageUnavailable.
    """
    found: list[LogEntry] = []
    last: str | None = None
    back_to: datetime | None = None
    looked_at = characters = 0
    async for position, entry in logbook.newest_first(home=home, query=query, continuation=continuation):
        is_full = most_characters is not None and characters >= most_characters
        if len(found) == limit or looked_at == most_looked_at or is_full:
            return Search(entries=tuple(found), continuation=last, back_to=back_to)
        looked_at += 1
        last, back_to = position, entry.at
        if query.wants(entry):
            found.append(entry)
            characters += len(entry.payload or "") + len(entry.answer or "")
    return Search(entries=tuple(found), back_to=back_to)
