"""The logbook: everything that passed, either way."""

from .entry import Direction, LogEntry, log_entry
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
    "redacted",
    "search_back",
]
