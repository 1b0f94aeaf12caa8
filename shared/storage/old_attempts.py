"""Walk over the attempts at deliveries that arrived, or were withdrawn, longer ago than the log is kept."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta

from shared.all_of import all_of
from shared.delivery import DeliveryState
from shared.identifiers import OperatorHome
from shared.retention import Limits, Walked

from .ledger_rows import ATTEMPT, Pointer, pointer_of
from .newest_first import range_older_than
from .removal import removed
from .rows import MAX_CHANGES, Delete, Row, Rows, range_below

_PAGE = 50
_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class _Slice:
    """Deliveries between what was walked before and what is old by now, by their keys, newest first: `at` is where to
    go on, None if the slice is done; `mark` is where the slice begins, and the next one ends.
    """

    at: str | None
    before: str
    mark: str

    def as_text(self) -> str:
        return json.dumps([self.at, self.before, self.mark])


@dataclass(frozen=True, kw_only=True)
class OldAttempts:
    """See `shared.retention.Walk`. Each delivery is looked at once, `later` after its attempts can be old: for each one
    query, and a transaction for each hundred attempts.
    """

    rows: Rows
    state: DeliveryState
    later: timedelta
    pages_a_run: int | None = None

    @property
    def name(self) -> str:
        """See `Walk.name`."""
        return f"attempts at what is {self.state} for {self.later.days} days"

    async def page(self, *, home: OperatorHome, partition: str, limits: Limits, position: str | None) -> Walked:
        """See `Walk.page`."""
        part = self._slice(limits, position)
        found: list[Row] = []
        if part.at is not None and part.at < part.before:
            found = await self.rows.query(partition=partition, first=part.at, before=part.before, limit=_PAGE)
        purged = await self._purge([pointer_of(row.text) for row in found], partition, limits)
        is_over = len(found) < _PAGE
        after = _Slice(at=None, before=part.mark, mark=part.mark)
        if not is_over:
            after = _Slice(at=found[-1].key + "!", before=part.before, mark=part.mark)
        return Walked(purged=purged, position=after.as_text(), is_over=is_over)

    def _slice(self, limits: Limits, position: str | None) -> _Slice:
        old, end = range_older_than("delivery-by-state", self.state, instant=limits.log_before - self.later)
        if position is None:
            return _Slice(at=old, before=end, mark=old)
        at, before, mark = json.loads(position)
        return _Slice(at=at, before=before, mark=mark) if at else _Slice(at=old, before=mark, mark=min(old, mark))

    async def _purge(self, pointers: list[Pointer], partition: str, limits: Limits) -> int:
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def attempts(pointer: Pointer) -> list[Row]:
            first, before = range_below("story", pointer.session_id, "attempt", pointer.transaction_id or "")
            async with at_once:
                return await self.rows.query(partition=partition, first=first, before=before)

        rows = [row for each in await all_of(attempts(pointer) for pointer in pointers) for row in each]
        old = [row for row in rows if ATTEMPT.validate_json(row.text).started_at < limits.log_before]
        for start in range(0, len(old), MAX_CHANGES):
            changes = [Delete(key=row.key) for row in old[start : start + MAX_CHANGES]]
            await removed(self.rows, partition=partition, changes=changes)
        return len(old)
