"""Entries as the log's tests use them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.identifiers import OperatorHome
from shared.logbook import Direction, LogEntry, LogQuery, find_entries, log_entry
from shared.storage.logbook import StoredLogbook

AT = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
HOME = OperatorHome(gln="7080000000005", buckets=4)


def entry(second: float = 0, **changed: Any) -> LogEntry:
    """An entry so many seconds after AT."""
    given: dict[str, Any] = {
        "at": AT + timedelta(seconds=second),
        "direction": Direction.IN,
        "endpoint": "topic",
        "action": "ContractActivated",
        "message": "driver created",
        "response_code": 200,
    }
    return log_entry(**(given | changed))


async def found(logbook: StoredLogbook, *, limit: int = 1000, **query: Any) -> list[LogEntry]:
    """All that the query finds, by as many pages as it takes."""
    entries: list[LogEntry] = []
    continuation: str | None = None
    while True:
        part, continuation = await find_entries(
            logbook=logbook, home=HOME, query=LogQuery(**query), limit=limit, continuation=continuation
        )
        assert len(part) <= limit
        entries += part
        if continuation is None:
            return entries
