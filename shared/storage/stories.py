"""Everything that is known of a session, read at once."""

from collections.abc import Sequence
from datetime import datetime

from shared.identifiers import OperatorHome, root_of
from shared.sessions import Story

from .ledger_rows import ATTEMPT, DELIVERY, READINGS, SESSION, comparison_of, line_of
from .pointers import Pointers
from .rows import Row, Rows, range_below
from .stored_text import stored


class StoredStories:
    """See `shared.sessions.Stories`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows
        self._pointers = Pointers(rows=rows)

    async def story(self, *, home: OperatorHome, session_id: str) -> Story:
        """See `Stories.story`."""
        first, before = range_below("story", session_id)
        found = await self._rows.query(partition=home.partition(session_id), first=first, before=before)
        return story_of(session_id, found)

    async def settled(
        self,
        *,
        home: OperatorHome,
        since: datetime,
        until: datetime,
        limit: int,
        continuation: str | None,
    ) -> tuple[list[str], str | None]:
        """See `Stories.settled`."""
        pointers, after = await self._pointers.page(
            home,
            ("line-by-end",),
            since=since,
            until=until,
            limit=limit,
            continuation=continuation,
            only=lambda pointer: pointer.transaction_id == pointer.session_id,
        )
        return [each.session_id for each in pointers], after

    async def story_of_line(self, *, home: OperatorHome, transaction_id: str) -> Story | None:
        """See `Stories.story_of_line`."""
        for session_id in dict.fromkeys((root_of(transaction_id), transaction_id)):
            story = await self.story(home=home, session_id=session_id)
            if any(line.transaction_id == transaction_id for line in story.lines):
                return story
        return None


def kind_of(row: Row) -> str:
    """What a row of a story holds: session, reading, line, delivery, attempt, comparison."""
    return row.key.split("|")[2]


def story_of(session_id: str, rows: Sequence[Row]) -> Story:
    """The story that these rows tell, all that lie below `story|{session_id}`."""
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(kind_of(row), []).append(row)
    own, comparison = kinds.get("session"), kinds.get("comparison")
    return Story(
        session_id=session_id,
        session=stored(SESSION, own[0]) if own else None,
        readings=tuple(each for row in kinds.get("reading", ()) for each in READINGS.validate_json(row.text)),
        lines=tuple(line_of(row.text) for row in kinds.get("line", ())),
        deliveries=tuple(DELIVERY.validate_json(row.text) for row in kinds.get("delivery", ())),
        comparison=comparison_of(comparison[0].text) if comparison else None,
        attempts=tuple(ATTEMPT.validate_json(row.text) for row in kinds.get("attempt", ())),
    )
