"""The log as a file: CSV for a spreadsheet, JSON for a program."""

from collections.abc import Callable, Mapping

from functions.pages.csv_file import csv_file
from shared.instant import utc_text
from shared.json_documents import print_json
from shared.logbook import LogEntry, Search

MOST_ENTRIES = 10_000
MOST_LOOKED_AT = 50_000
MOST_CHARACTERS = 20_000_000
_COLUMNS: Mapping[str, Callable[[LogEntry], str | int | None]] = {
    "at": lambda entry: utc_text(entry.at),
    "direction": lambda entry: entry.direction,
    "endpoint": lambda entry: entry.endpoint,
    "action": lambda entry: entry.action,
    "responseCode": lambda entry: entry.response_code,
    "referenceId": lambda entry: entry.reference_id,
    "durationMs": lambda entry: entry.duration_ms,
    "message": lambda entry: entry.message,
    "payload": lambda entry: entry.payload,
    "answer": lambda entry: entry.answer,
    "id": lambda entry: entry.id,
}


def as_csv(search: Search) -> bytes:
    """A row for each entry, times in UTC; one that was cut says so in its last row."""
    rows = [[value(entry) for value in _COLUMNS.values()] for entry in search.entries]
    cut = _cut(search)
    return csv_file([tuple(_COLUMNS), *rows, *([[f"TRUNCATED: {cut}"]] if cut is not None else [])])


def as_json(search: Search) -> bytes:
    """`{items, truncated}`: `truncated` is null, or says what is not in the file. Payloads are texts, as they came."""
    items = [{name: value(entry) for name, value in _COLUMNS.items()} for entry in search.entries]
    return print_json({"items": items, "truncated": _cut(search)}, indent=1).encode()


def _cut(search: Search) -> str | None:
    if search.continuation is None or search.back_to is None:
        return None
    return (
        f"{len(search.entries)} entries, searched back to {utc_text(search.back_to)}; what is older is not in this"
        " file: set the end of the time to that and export again"
    )
