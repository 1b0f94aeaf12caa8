"""What every store of rows offers: point reads, key ranges, and atomic commits within one partition.

Two implementations pass the same contract tests: Azure Tables (`azure_rows`) and its in-memory twin (`memory_rows`).
"""

import hashlib
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
    "check_changes",
    "key_of",
    "range_below",
]

MAX_CHANGES = 100
MAX_TEXT_BYTES = 900 * 1024
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:")
# Four parts of this length still make a key that every store takes (512 characters).
_LONGEST_PART = 120
_KEPT_OF_LONGER = 80


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
    """Removes a row. One that is not there is a conflict, and so is one without this `version`, if one is given."""

    key: str
    version: str | None = None


type Change = Insert | Replace | Upsert | Delete


class Rows(Protocol):
    """One table. Every call is one operation against the store (a range that exceeds a page is one more per page).

    Keys are made by `key_of`. Nothing that is raised takes longer than seconds to come.
    """

    async def read(self, *, partition: str, key: str) -> Row | None:
        """The row, or None. Raises StorageUnavailable."""
        ...

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        """Rows with `first` <= key < `before`, in the order of keys, at most `limit` (1 or more).

        Raises StorageUnavailable.
        """
        ...

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """All changes or none. Gives the new version of each row written, by its key.

        Raises ValueError for what `check_changes` refuses, RowConflict, and StorageUnavailable, after which nothing is
        known of the outcome.
        """
        ...


def check_changes(changes: Sequence[Change]) -> None:
    """Raises ValueError unless these are 1 to 100 changes, each of another row, and no text has more than 900 KB."""
    if not 0 < len(changes) <= MAX_CHANGES or len({change.key for change in changes}) != len(changes):
        raise ValueError(f"a commit has 1 to {MAX_CHANGES} changes, each of another row")
    for change in changes:
        if not isinstance(change, Delete) and _exceeds(change.text, MAX_TEXT_BYTES):
            raise ValueError(f"the text of row {change.key} has more than {MAX_TEXT_BYTES} bytes")


def key_of(*parts: str) -> str:
    """A key from parts, whatever characters they have and however long they are.

    `|` stands between parts, what a key cannot carry is escaped, and of a part that is then too long only the beginning
    is kept, with a digest of the whole. Keys sort as their parts do, as long as the parts are short and made of
    letters, digits and `-._:`.
    """
    return "|".join(_part(part) for part in parts)


def range_below(*parts: str) -> tuple[str, str]:
    """First and before of the keys that start with these parts and have more."""
    prefix = key_of(*parts)
    return prefix + "|", prefix + "}"


def _part(part: str) -> str:
    escaped = part if _PLAIN.issuperset(part) else "".join(c if c in _PLAIN else _escaped(c) for c in part)
    if len(escaped) <= _LONGEST_PART:
        return escaped
    # `~~` is no escape, so this is the key of no other part.
    return f"{escaped[:_KEPT_OF_LONGER]}~~{hashlib.sha256(part.encode()).hexdigest()[:32]}"


def _escaped(character: str) -> str:
    return "".join(f"~{byte:02X}" for byte in character.encode())


def _exceeds(text: str, limit: int) -> bool:
    return len(text) > limit // 4 and len(text.encode()) > limit
