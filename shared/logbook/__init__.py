"""The logbook: everything that passed, either way."""

from .entry import Direction, LogEntry, log_entry, milliseconds_since
from .redaction import redacted
from .search import Logbook, LogQuery, Search, find_entries, search_back

__all__ = [
    "Direction",
    "LogEntry",
    "LogQuery",
    "Logbook",
    "Search",
    "find_entries",
    "log_entry",
    "milliseconds_since",
    "redacted",
    "search_back",
]
