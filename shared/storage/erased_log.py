"""The log, rewritten without a person: all of it is gone through, for anybody may have been named anywhere."""

import json
from dataclasses import replace

from shared.identifiers import OperatorHome
from shared.logbook import LogEntry
from shared.retention import Erasing, ErasureStep, erased_entry

from .logbook import LOG_ENTRY, log_keys
from .removal import removed
from .rows import Change, Delete, Replace, Row, Rows, range_below

_PAGE = 200
_ENTRIES_A_COMMIT = 30  # what an entry without its payload says is short, but some have a long message


async def erase_page(rows: Rows, *, home: OperatorHome, erasing: Erasing) -> Erasing:
    """Erases in one page of the log of one partition, and gives where to go on. Raises StorageUnavailable."""
    partitions = home.partitions()
    first, before = range_below("log")
    number, at = json.loads(erasing.position) if erasing.position else (0, first)
    found = await rows.query(partition=partitions[number], first=at, before=before, limit=_PAGE)
    changed = [changes for row in found if (changes := _rewritten(row, erasing))]
    for start in range(0, len(changed), _ENTRIES_A_COMMIT):
        batch = [change for changes in changed[start : start + _ENTRIES_A_COMMIT] for change in changes]
        if await removed(rows, partition=partitions[number], changes=batch) is None:
            return erasing  # some were purged meanwhile: the page as it is now
    erasing = replace(erasing, log_entries=erasing.log_entries + len(changed))
    if len(found) == _PAGE:
        return replace(erasing, position=json.dumps([number, found[-1].key + "!"]))
    if number + 1 < len(partitions):
        return replace(erasing, position=json.dumps([number + 1, first]))
    return erasing.at(ErasureStep.RESULTS)


def _rewritten(row: Row, erasing: Erasing) -> list[Change]:
    entry: LogEntry = LOG_ENTRY.validate_json(row.text)
    erased = erased_entry(entry, erasing.person)
    if erased == entry:
        return []
    own = Replace(key=row.key, text=LOG_ENTRY.dump_json(erased, exclude_none=True).decode(), version=row.version)
    return [own, *(Delete(key=key) for key in log_keys(entry) if key not in log_keys(erased))]
