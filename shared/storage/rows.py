"""What every store of rows offers: point reads, key ranges, and atomic commits within one partition.

Two implementations pass the same contract tests: Azure Tables (`azure_rows`) and its in-memory twin (`memory_rows`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.faults import RowConflict, StorageUnavailable

__all__ = [
    "Change",
    "Delete",
    "Insert",
    "Replace",
    "Row",
    "RowConflict",
    "Rows",
    "StorageUnavailable",
    "Upsert",
    "key_of",
    "range_below",
]

MAX_CHANGES = 100
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A stored row. `text` is JSON; `version` changes with every write."""

    key: str
    text: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Insert:
    """Writes a row that must not be there yet."""

    key: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Replace:
    """Writes over a row that must still have `version`."""

    key: str
    text: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Upsert:
    """Writes a row, whatever stands there."""

    key: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Delete:
    """Removes a row; one that is not there is a conflict."""

    key: str


type Change = Insert | Replace | Upsert | Delete


class Rows(Protocol):
    """One table. Every call is one operation against the store (a range that exceeds a page is one more per page)."""

    async def read(self, *, partition: str, key: str) -> Row | None:
        """The row, or None. Raises StorageUnavailable."""
        ...

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        """Rows with `first` <= key < `before`, in the order of keys, at most `limit`. Raises StorageUnavailable."""
        ...

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """All changes or none; at most 100, each key once. Gives the new version of each row written, by its key.

        Raises RowConflict or StorageUnavailable.
        """
        ...


def key_of(*parts: str) -> str:
    """A key from parts, whatever characters they have: `|` stands between them, what a key cannot carry is escaped.

    Keys sort as their parts do, as long as the parts are made of letters, digits and `-._:`.
    """
    return "|".join(
        part if _PLAIN.issuperset(part) else "".join(c if c in _PLAIN else _escaped(c) for c in part) for part in parts
    )


def range_below(*parts: str) -> tuple[str, str]:
    """First and before of the keys that start with these parts and have more."""
    prefix = key_of(*parts)
    return prefix + "|", prefix + "}"


def _escaped(character: str) -> str:
    return "".join(f"~{byte:02X}" for byte in character.encode())
