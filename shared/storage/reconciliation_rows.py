"""Results of reconciliation: a row per operator and local day, with its log entry in one commit."""

from datetime import UTC, date, datetime

from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry
from shared.reconciliation import Reconciled, reference_of

from .adapter import Adapter
from .ledger_rows import SESSION_BY_END
from .logbook import log_changes
from .newest_first import newest_first_part, newest_first_rows
from .pointers import Pointers
from .rows import Change, Rows, Upsert, key_of
from .stored_json import written
from .stored_text import stored, text_of
from .stories import StoredStories

RECONCILIATION = "reconciliation"
_NIGHT = "reconciliation-night"
RECONCILED: Adapter[Reconciled] = Adapter(Reconciled)


class StoredReconciliations:
    """See `shared.reconciliation.Reconciliations`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def find(self, *, home: OperatorHome, day: date) -> Stored[Reconciled] | None:
        """See `Reconciliations.find`."""
        row = await self._rows.read(partition=home.partition(reference_of(day)), key=_key(day))
        return stored(RECONCILED, row) if row else None

    async def write(
        self, *, home: OperatorHome, result: Reconciled, version: str | None, entry: LogEntry | None = None
    ) -> str:
        """See `Reconciliations.write`."""
        key = _key(result.day)
        changes: list[Change] = [written(key=key, text=text_of(RECONCILED, result), version=version)]
        if entry is not None:
            changes += log_changes(entry)
        return (await self._rows.commit(partition=home.partition(result.reference), changes=changes))[key]

    async def latest(
        self, *, home: OperatorHome, limit: int, continuation: str | None
    ) -> tuple[list[Reconciled], str | None]:
        """See `Reconciliations.latest`."""
        found: list[Reconciled] = []
        last: str | None = None
        rows = newest_first_rows(
            self._rows, home=home, index=(RECONCILIATION,), continuation=continuation, page=limit + 1
        )
        async for position, row in rows:
            if len(found) == limit:
                return found, last
            found.append(RECONCILED.validate_json(row.text))
            last = position
        return found, None

    async def night_done(self, *, home: OperatorHome) -> date | None:
        """See `Reconciliations.night_done`."""
        row = await self._rows.read(partition=home.partition(_NIGHT), key=key_of(_NIGHT))
        return date.fromisoformat(row.text) if row else None

    async def record_night(self, *, home: OperatorHome, day: date) -> None:
        """See `Reconciliations.record_night`."""
        change = Upsert(key=key_of(_NIGHT), text=day.isoformat())
        await self._rows.commit(partition=home.partition(_NIGHT), changes=[change])


class StoredEndedSessions(StoredStories):
    """See `shared.reconciliation.EndedSessions`."""

    def __init__(self, *, rows: Rows) -> None:
        super().__init__(rows=rows)
        self._index = Pointers(rows=rows)

    async def ended(
        self, *, home: OperatorHome, since: datetime, until: datetime, limit: int, continuation: str | None
    ) -> tuple[list[str], str | None]:
        """See `EndedSessions.ended`."""
        pointers, after = await self._index.page(
            home, (SESSION_BY_END,), since=since, until=until, limit=limit, continuation=continuation
        )
        return [each.session_id for each in pointers], after


def _key(day: date) -> str:
    return key_of(RECONCILIATION, newest_first_part(datetime(day.year, day.month, day.day, tzinfo=UTC)), str(day))
