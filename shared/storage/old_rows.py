"""Walks over rows that go by their age alone: the log, results of reconciliation, claims on a start, permissions."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from shared.identifiers import OperatorHome
from shared.retention import Limits, Walked
from shared.sessions import TWINS_START_WITHIN

from .claim_rows import claims_before
from .drivers import PERMISSION
from .logbook import LOG_ENTRY, log_keys
from .newest_first import range_older_than
from .reconciliation_rows import RECONCILIATION
from .removal import removed
from .rows import MAX_CHANGES, Delete, Row, Rows, range_below

PERMISSION_KEPT_FOR = timedelta(days=31)
"""A permission counts for a session that starts within minutes of it; a start that is heard later than this is settled
for whoever held the tag.
"""
START_CLAIM_KEPT_FOR = timedelta(days=90)
"""A claim on a start counts as long as the charging platform may still list the session."""
_PERMISSIONS_A_PAGE = 500
_TENANT = re.compile(r'"TenantID"\s*:\s*"([0-9]{13})"')
_AGED = MAX_CHANGES // 2  # an entry and its pointer


class OldLog:
    """See `shared.retention.Walk`. Two operations for each 50 entries."""

    name = "log entries"
    pages_a_run = None

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def page(self, *, home: OperatorHome, partition: str, limits: Limits, position: str | None) -> Walked:
        """See `Walk.page`."""
        first, before = range_older_than("log", instant=limits.log_before)
        found = await self._rows.query(partition=partition, first=first, before=before, limit=_AGED)
        keys = [key for row in found for key in log_keys(LOG_ENTRY.validate_json(row.text))]
        if keys:
            await removed(self._rows, partition=partition, changes=[Delete(key=key) for key in keys])
        return Walked(purged=len(found), position=None, is_over=len(found) < _AGED)


@dataclass(frozen=True, kw_only=True)
class OldOwnerlessLog:
    """See `shared.retention.Walk`. What is refused for a GLN that is not set up lies in that GLN's log too, of which
    nobody has a list: it goes first, by what the entry's payload names.
    """

    rows: Rows
    home_of: Callable[[str], OperatorHome]
    name: str = "log entries"
    pages_a_run: int | None = None

    async def page(self, *, home: OperatorHome, partition: str, limits: Limits, position: str | None) -> Walked:
        """See `Walk.page`."""
        first, before = range_older_than("log", instant=limits.log_before)
        found = await self.rows.query(partition=partition, first=first, before=before, limit=_AGED)
        if not found:
            return Walked(purged=0, position=None, is_over=True)
        for row in found:
            entry = LOG_ENTRY.validate_json(row.text)
            for gln in sorted(set(_TENANT.findall(entry.payload or ""))):
                copy = [Delete(key=key) for key in log_keys(entry)]
                await removed(
                    self.rows, partition=self.home_of(gln).partition(entry.reference_id or entry.id), changes=copy
                )
        return await OldLog(rows=self.rows).page(home=home, partition=partition, limits=limits, position=position)


@dataclass(frozen=True, kw_only=True)
class OldRange:
    """See `shared.retention.Walk`. Rows of one range, to which nothing points: two operations for each 100."""

    rows: Rows
    name: str
    range_of: Callable[[Limits], tuple[str, str]]
    pages_a_run: int | None = None

    async def page(self, *, home: OperatorHome, partition: str, limits: Limits, position: str | None) -> Walked:
        """See `Walk.page`."""
        first, before = self.range_of(limits)
        found = await self.rows.query(partition=partition, first=first, before=before, limit=MAX_CHANGES)
        if found:
            await removed(self.rows, partition=partition, changes=[Delete(key=row.key) for row in found])
        return Walked(purged=len(found), position=None, is_over=len(found) < MAX_CHANGES)


def old_results(rows: Rows) -> OldRange:
    """Results of reconciliation: they tell of sessions in words, as the log does."""
    return OldRange(
        rows=rows,
        name="results of reconciliation",
        range_of=lambda limits: range_older_than(RECONCILIATION, instant=limits.log_before),
    )


def old_start_claims(rows: Rows) -> OldRange:
    """Claims on starts; those of sessions that are to go are always among them."""

    def range_of(limits: Limits) -> tuple[str, str]:
        sessions_go = limits.lines_before + TWINS_START_WITHIN
        return claims_before(max(limits.now - START_CLAIM_KEPT_FOR, sessions_go))

    return OldRange(rows=rows, name="claims on starts", range_of=range_of)


class OldPermissions:
    """See `shared.retention.Walk`. They lie by tag, so all are looked at, a part of them each night."""

    name = "permissions"
    pages_a_run = 20

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def page(self, *, home: OperatorHome, partition: str, limits: Limits, position: str | None) -> Walked:
        """See `Walk.page`."""
        first, before = range_below("permission")
        found = await self._rows.query(
            partition=partition, first=position or first, before=before, limit=_PERMISSIONS_A_PAGE
        )
        old = [row for row in found if self._is_old(row, limits)]
        for start in range(0, len(old), MAX_CHANGES):
            changes = [Delete(key=row.key, version=row.version) for row in old[start : start + MAX_CHANGES]]
            await removed(self._rows, partition=partition, changes=changes)
        is_over = len(found) < _PERMISSIONS_A_PAGE
        return Walked(purged=len(old), position=None if is_over else found[-1].key + "!", is_over=is_over)

    def _is_old(self, row: Row, limits: Limits) -> bool:
        return PERMISSION.validate_json(row.text).at < limits.now - PERMISSION_KEPT_FOR
