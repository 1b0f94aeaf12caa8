"""Lines with how far they have come, looked up."""

from datetime import datetime

from shared.identifiers import OperatorHome
from shared.sessions import Comparison, LineWithDelivery, Story

from .ledger_rows import (
    COMPARISON_BY_END,
    DELIVERY,
    SHARE_MISSING,
    Pointer,
    comparison_key,
    comparison_of,
    delivery_key,
    line_of,
)
from .pointers import Pointers
from .rows import Rows, key_of
from .stories import StoredStories


class StoredLines:
    """See `shared.sessions.Lines`."""

    def __init__(self, *, rows: Rows) -> None:
        self._stories = StoredStories(rows=rows)
        self._pointers = Pointers(rows=rows)

    async def line(self, *, home: OperatorHome, transaction_id: str) -> LineWithDelivery | None:
        """See `Lines.line`."""
        story = await self._stories.story_of_line(home=home, transaction_id=transaction_id)
        return _with_delivery(story, transaction_id) if story is not None else None

    async def lines(
        self,
        *,
        home: OperatorHome,
        owner: str | None,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        continuation: str | None,
    ) -> tuple[list[LineWithDelivery], str | None]:
        """See `Lines.lines`."""
        index = ("line-by-owner", owner) if owner is not None else ("line-by-end",)
        pointers, after = await self._pointers.page(
            home, index, since=since, until=until, limit=limit, continuation=continuation
        )
        return await self._read_all(home, pointers), after

    async def missing_shares(
        self,
        *,
        home: OperatorHome,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        continuation: str | None,
    ) -> tuple[list[LineWithDelivery], str | None]:
        """See `Lines.missing_shares`."""
        pointers, after = await self._pointers.page(
            home, (SHARE_MISSING,), since=since, until=until, limit=limit, continuation=continuation
        )
        return await self._read_all(home, pointers), after

    async def comparisons(
        self,
        *,
        home: OperatorHome,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        continuation: str | None,
    ) -> tuple[list[Comparison], str | None]:
        """See `Lines.comparisons`."""
        pointers, after = await self._pointers.page(
            home, (COMPARISON_BY_END,), since=since, until=until, limit=limit, continuation=continuation
        )
        rows = await self._pointers.read_all(
            [(home.partition(each.session_id), comparison_key(each.session_id)) for each in pointers]
        )
        return [comparison_of(row.text) for row in rows if row is not None], after

    async def _read_all(self, home: OperatorHome, pointers: list[Pointer]) -> list[LineWithDelivery]:
        keys = []
        for each in pointers:
            partition, transaction_id = home.partition(each.session_id), each.transaction_id or ""
            keys.append((partition, key_of("story", each.session_id, "line", transaction_id)))
            keys.append((partition, delivery_key(each.session_id, transaction_id)))
        rows = iter(await self._pointers.read_all(keys))
        return [
            LineWithDelivery(line=line_of(line.text), delivery=DELIVERY.validate_json(delivery.text))
            for line, delivery in zip(rows, rows, strict=True)
            if line is not None and delivery is not None
        ]


def _with_delivery(story: Story, transaction_id: str) -> LineWithDelivery | None:
    line = next((each for each in story.lines if each.transaction_id == transaction_id), None)
    delivery = next((each for each in story.deliveries if each.transaction_id == transaction_id), None)
    return LineWithDelivery(line=line, delivery=delivery) if line is not None and delivery is not None else None
