"""Documents with versions: a row for the entry, one for each version beside it, and one in the list.

The list's row has the versions that are in force from when it was written on, so that a page of a list is one query.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.faults import Stored
from shared.operators.page import Page
from shared.operators.versions import Entry, Version

from .newest_first import newest_first_part, oldest_first_part
from .pages import page_of
from .rows import Change, Rows, Upsert, key_of, range_below
from .stored_json import Codec, written

_ENTRY = "entry"
_VERSION = "version"
_SINCE_EVER = "0"


class VersionRows[D]:
    """See `shared.operators.register.VersionStore`. `kind` begins every key, `document` is the versions' type."""

    def __init__(self, *, rows: Rows, kind: str, document: Any) -> None:
        self._rows = rows
        self._kind = kind
        self._entries: Codec[Entry[D]] = Codec(Entry[document])
        self._versions: Codec[Version[D]] = Codec(Version[document])

    async def find(self, *, gln: str, entry_id: str) -> Stored[Entry[D]] | None:
        """See `VersionStore.find`."""
        first, before = range_below(self._kind, entry_id)
        rows = await self._rows.query(partition=gln, first=first, before=before)
        if not rows:
            return None
        # `entry` sorts before `version`, and versions by their time.
        entry = self._entries.value(rows[0].text)
        versions = tuple(self._versions.value(row.text) for row in rows[1:])
        return Stored(value=replace(entry, versions=versions), version=rows[0].version)

    async def write(
        self, *, gln: str, entry: Entry[D], changed: Version[D] | None, version: str | None, now: datetime
    ) -> None:
        """See `VersionStore.write`."""
        text = self._entries.text(replace(entry, versions=()))
        listed = key_of(self._index, newest_first_part(entry.created_at), entry.entry_id)
        changes: list[Change] = [
            written(key=key_of(self._kind, entry.entry_id, _ENTRY), text=text, version=version),
            Upsert(key=listed, text=self._entries.text(entry.from_now_on(now))),
        ]
        if changed is not None:
            since = oldest_first_part(changed.valid_from) if changed.valid_from else _SINCE_EVER
            key = key_of(self._kind, entry.entry_id, _VERSION, since)
            changes.append(Upsert(key=key, text=self._versions.text(changed)))
        await self._rows.commit(partition=gln, changes=changes)

    async def listed(self, *, gln: str, limit: int, continuation: str | None) -> Page[Entry[D]]:
        """See `VersionStore.listed`."""
        return await page_of(
            self._rows,
            partition=gln,
            index=self._index,
            limit=limit,
            continuation=continuation,
            read=self._entries.value,
        )

    @property
    def _index(self) -> str:
        return f"{self._kind}-list"
