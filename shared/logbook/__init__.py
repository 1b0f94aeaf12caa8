"""The logbook: everything that passed, either way."""

from .entry import Direction, LogEntry, log_entry
from .redaction import redacted
from .search import Logbook, LogQuery, find_entries

__all__ = ["Direction", "LogEntry", "LogQuery", "Logbook", "find_entries", "log_entry", "redacted"]
