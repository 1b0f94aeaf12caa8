"""Erasures on their way, a row each beside where their driver's was."""

from dataclasses import replace

from shared.drivers import Driver, TagClaims
from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry
from shared.retention import Erasing, Person

from .adapter import Adapter
from .drivers import PERMISSION, TAG_CLAIMS
from .erased_log import erase_page
from .erased_stories import erase_story
from .logbook import log_changes
from .reconciliation_rows import RECONCILED, RECONCILIATION
from .removal import removed
from .rows import MAX_CHANGES, Change, Delete, Insert, Replace, Rows, key_of, range_below
from .stored_text import stored, text_of

_ERASURE = "erasure"
_ERASING: Adapter[Erasing] = Adapter(Erasing)


class StoredErasures:
    """See `shared.retention.Erasures`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def find(self, *, home: OperatorHome, external_id: str) -> Stored[Erasing] | None:
        """See `Erasures.find`."""
        row = await self._rows.read(partition=home.partition(external_id), key=_key(external_id))
        return stored(_ERASING, row) if row else None

    async def unfinished(self, *, home: OperatorHome) -> list[str]:
        """See `Erasures.unfinished`."""
        first, before = range_below(_ERASURE)
        found = [
            row
            for partition in home.partitions()
            for row in await self._rows.query(partition=partition, first=first, before=before)
        ]
        return [_ERASING.validate_json(row.text).external_id for row in found]

    async def begin(self, *, home: OperatorHome, driver: Stored[Driver], erasing: Erasing, entry: LogEntry) -> None:
        """See `Erasures.begin`."""
        changes: list[Change] = [
            Delete(key=key_of("driver", erasing.external_id), version=driver.version),
            Insert(key=_key(erasing.external_id), text=text_of(_ERASING, erasing)),
            *log_changes(entry),
        ]
        await self._rows.commit(partition=home.partition(erasing.external_id), changes=changes)

    async def write(self, *, home: OperatorHome, before: Stored[Erasing], erasing: Erasing) -> Stored[Erasing]:
        """See `Erasures.write`."""
        key = _key(erasing.external_id)
        change = Replace(key=key, text=text_of(_ERASING, erasing), version=before.version)
        versions = await self._rows.commit(partition=home.partition(erasing.external_id), changes=[change])
        return Stored(value=erasing, version=versions[key])

    async def finish(self, *, home: OperatorHome, before: Stored[Erasing], entry: LogEntry) -> None:
        """See `Erasures.finish`."""
        external_id = before.value.external_id
        changes = [Delete(key=_key(external_id), version=before.version), *log_changes(entry)]
        await self._rows.commit(partition=home.partition(external_id), changes=changes)

    async def free_tag(self, *, home: OperatorHome, tag: str, erasing: Erasing) -> None:
        """See `Erasures.free_tag`."""
        partition, key = home.partition(tag), key_of("tag", tag)
        row = await self._rows.read(partition=partition, key=key)
        if row is not None:
            claims = TAG_CLAIMS.validate_json(row.text).claims
            kept = tuple(
                claim
                for claim in claims
                if claim.external_id != erasing.external_id or claim.claimed_at > erasing.begun_at
            )
            change: Change = Delete(key=key, version=row.version)
            if kept:
                change = Replace(
                    key=key, text=TAG_CLAIMS.dump_json(TagClaims(claims=kept)).decode(), version=row.version
                )
            if kept != claims:
                await self._rows.commit(partition=partition, changes=[change])
        first, before = range_below("permission", tag)
        permissions = await self._rows.query(partition=partition, first=first, before=before)
        theirs = [
            Delete(key=each.key, version=each.version)
            for each in permissions
            if PERMISSION.validate_json(each.text).external_id == erasing.external_id
        ]
        for start in range(0, len(theirs), MAX_CHANGES):
            await removed(self._rows, partition=partition, changes=theirs[start : start + MAX_CHANGES])

    async def erase_story(self, *, home: OperatorHome, session_id: str, person: Person) -> bool:
        """See `Erasures.erase_story`."""
        return await erase_story(self._rows, partition=home.partition(session_id), session_id=session_id, person=person)

    async def erase_log(self, *, home: OperatorHome, erasing: Erasing) -> Erasing:
        """See `Erasures.erase_log`."""
        return await erase_page(self._rows, home=home, erasing=erasing)

    async def erase_results(self, *, home: OperatorHome, erasing: Erasing) -> None:
        """See `Erasures.erase_results`."""
        first, before = range_below(RECONCILIATION)
        for partition in home.partitions():
            for row in await self._rows.query(partition=partition, first=first, before=before):
                result = RECONCILED.validate_json(row.text)
                kept = tuple(
                    replace(each, detail=erasing.person.erased_in(each.detail)) for each in result.tally.differences
                )
                if kept != result.tally.differences:
                    after = replace(result, tally=replace(result.tally, differences=kept))
                    change = Replace(key=row.key, text=text_of(RECONCILED, after), version=row.version)
                    await self._rows.commit(partition=partition, changes=[change])


def _key(external_id: str) -> str:
    return key_of(_ERASURE, external_id)
