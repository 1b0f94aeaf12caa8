"""Puts documents by id: new versions, guarded by If-Match and If-None-Match."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from shared.faults import RowConflict, Stored
from shared.identifiers import new_id

from .page import Page
from .versions import Entry, Version, in_force, with_version

_TRIES = 8


class StaleDocument(Exception):
    """The present revision is not one that If-Match and If-None-Match allow. `what` is the document's name."""

    def __init__(self, *, what: str) -> None:
        super().__init__(f"{what} is not as If-Match or If-None-Match says; get it again")
        self.what = what


class VersionStore[D](Protocol):
    """Where the versions of one kind of document are kept. Every call may raise StorageUnavailable."""

    async def find(self, *, gln: str, entry_id: str) -> Stored[Entry[D]] | None:
        """The entry with all its versions, in one small query."""
        ...

    async def write(
        self, *, gln: str, entry: Entry[D], changed: Version[D] | None, version: str | None, now: datetime
    ) -> None:
        """Writes the entry and its `changed` version in one commit. Raises RowConflict.

        `version` is the one with which the entry was found; None: it must not be there yet. `now` decides which of the
        versions the list has.
        """
        ...

    async def listed(self, *, gln: str, limit: int, continuation: str | None) -> Page[Entry[D]]:
        """Entries newest first, with the versions that matter from when they were written on.

        Raises DocumentRefused for a continuation that is none.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Put[D]:
    """What a PUT did."""

    entry: Entry[D]
    version: Version[D]
    created: bool
    before: D | None
    """What was in force until then, as somebody put it."""


async def put_version[D](
    *,
    store: VersionStore[D],
    gln: str,
    entry_id: str,
    document: D,
    valid_from: datetime | None,
    now: datetime,
    matches: Callable[[str | None], bool],
) -> Put[D]:
    """Adds a version: the first is in force since ever, later ones from `valid_from`, or from `now`.

    `matches` is told the present revision, None where there is nothing yet; StaleDocument is raised if it says no.
    Raises RowConflict if others keep writing the same.
    """
    for _ in range(_TRIES):
        stored = await store.find(gln=gln, entry_id=entry_id)
        held = stored.value if stored else Entry[D](entry_id=entry_id, created_at=now, revision="")
        if not matches(stored.value.revision if stored else None):
            raise StaleDocument(what=entry_id)
        version = Version(valid_from=(valid_from or now) if held.versions else None, document=document)
        before = in_force(held.versions, at=version.starts)
        entry = replace(held, revision=new_id(), versions=with_version(held.versions, version))
        try:
            await store.write(
                gln=gln, entry=entry, changed=version, version=stored.version if stored else None, now=now
            )
        except RowConflict:
            continue
        return Put(entry=entry, version=version, created=stored is None, before=before.document if before else None)
    raise RowConflict(partition=gln)
