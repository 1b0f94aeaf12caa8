"""What waits for a person, from the ledger's indexes alone: no session, line or delivery is read."""

import asyncio
from datetime import datetime

from shared.delivery import DeliveryState
from shared.identifiers import OperatorHome
from shared.notices import Concern
from shared.notices.concerns import MOST

from .ledger_rows import SHARE_MISSING, pointer_of
from .newest_first import instant_of
from .rows import Row, Rows, range_below


class StoredConcerns:
    """See `shared.notices.LedgerConcerns`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def lines_in(self, *, home: OperatorHome, state: DeliveryState) -> list[Concern]:
        """See `LedgerConcerns.lines_in`."""
        return [_line(row) for row in await self._below(home, "delivery-by-state", state)]

    async def held_sessions(self, *, home: OperatorHome, since_before: datetime) -> list[Concern]:
        """See `LedgerConcerns.held_sessions`."""
        # Some are kept by their tag too, so that the index as a whole is in no order of time.
        found = [_held(row) for row in await self._below(home, "held")]
        return [each for each in found if each.at <= since_before]

    async def missing_shares(self, *, home: OperatorHome) -> list[Concern]:
        """See `LedgerConcerns.missing_shares`."""
        return [_line(row) for row in await self._below(home, SHARE_MISSING)]

    async def _below(self, home: OperatorHome, *index: str) -> list[Row]:
        first, before = range_below(*index)
        pages = await asyncio.gather(
            *(
                self._rows.query(partition=partition, first=first, before=before, limit=MOST)
                for partition in home.partitions()
            )
        )
        return sorted((row for page in pages for row in page), key=lambda row: row.key)[:MOST]


def _line(row: Row) -> Concern:
    """Keys end with the time and the line's id, which names the line but may be cut short: the row has it whole."""
    pointer = pointer_of(row.text)
    line = pointer.transaction_id or pointer.session_id
    return Concern(concern_id=line, at=instant_of(row.key.split("|")[-2], newest_first=True), text=line)


def _held(row: Row) -> Concern:
    since = row.key.split("|")[-2]
    session_id = pointer_of(row.text).session_id
    # Held anew is a new concern.
    return Concern(concern_id=f"{session_id}/{since}", at=instant_of(since, newest_first=False), text=session_id)
