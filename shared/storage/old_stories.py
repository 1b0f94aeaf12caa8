"""Walks over sessions that are over for good: each goes with all that followed from it and all that points at it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from shared.all_of import all_of
from shared.billing import Line, follow_up_number
from shared.delivery import Delivery
from shared.identifiers import OperatorHome
from shared.retention import Limits, Walk, Walked, may_be_purged
from shared.sessions import Comparison, Session, SessionStatus, Story

from .ledger_rows import SESSION, SESSION_BY_END, index_of, pointer_of, row_key_of
from .newest_first import range_older_than
from .removal import removed
from .rows import MAX_CHANGES, Change, Delete, Replace, Row, Rows, range_below
from .stories import kind_of, story_of

_PAGE = 50
_AT_ONCE = 8
_LEFTOVERS_A_PAGE = 500
_POINTED_AT = frozenset({"line", "delivery", "comparison"})


@dataclass(frozen=True, kw_only=True)
class OldStories:
    """See `shared.retention.Walk`. Two operations for each session: one query, one transaction.

    `claims` are what sessions claimed when they stopped; they go before those sessions do.
    """

    rows: Rows
    name: str
    range_of: Callable[[Limits], tuple[str, str]]
    claims: Walk | None = None
    pages_a_run: int | None = None

    async def page(self, *, home: OperatorHome, partition: str, limits: Limits, position: str | None) -> Walked:
        """See `Walk.page`."""
        while self.claims is not None:
            claims = await self.claims.page(home=home, partition=partition, limits=limits, position=None)
            if claims.is_over:
                break
        first, before = self.range_of(limits)
        found = await self.rows.query(
            partition=partition, first=max(first, position or first), before=before, limit=_PAGE
        )
        session_ids = [pointer_of(row.text).session_id for row in found]
        purged = await purge_stories(self.rows, partition=partition, session_ids=session_ids, limits=limits)
        is_over = len(found) < _PAGE
        return Walked(purged=purged, position=None if is_over else found[-1].key + "!", is_over=is_over)


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """See `shared.retention.Walk`. What is in no list by its end: readings of a session that was never heard of, and
    sessions whose end was never true. A part of all rows each night.
    """

    rows: Rows
    name: str = "sessions in no list"
    pages_a_run: int | None = 5

    async def page(self, *, home: OperatorHome, partition: str, limits: Limits, position: str | None) -> Walked:
        """See `Walk.page`."""
        first, before = range_below("story")
        found = await self.rows.query(
            partition=partition, first=position or first, before=before, limit=_LEFTOVERS_A_PAGE
        )
        is_over = len(found) < _LEFTOVERS_A_PAGE
        stories: dict[str, list[Row]] = {}
        for row in found:
            stories.setdefault(row.key.split("|")[1], []).append(row)
        if not is_over and len(stories) > 1:
            del stories[found[-1].key.split("|")[1]]  # its other rows come with the next page
        purged = sum([await self._purge(rows, partition, limits) for rows in stories.values()])
        *_, last = stories.values() if stories else [found]
        return Walked(purged=purged, position=None if is_over else last[-1].key + "!", is_over=is_over)

    async def _purge(self, found: list[Row], partition: str, limits: Limits) -> bool:
        # What a key says of an id is not always the whole of it.
        session = next((SESSION.validate_json(row.text) for row in found if kind_of(row) == "session"), None)
        story = story_of(session.session_id if session else "", found)
        if story.session_id in limits.kept or not may_be_purged(story, ended_before=limits.lines_before):
            return False
        return await _purge_rows(self.rows, partition, found, story)


def ended_long_ago(limits: Limits) -> tuple[str, str]:
    """Sessions by their end."""
    return range_older_than(SESSION_BY_END, instant=limits.lines_before)


def never_stopped(limits: Limits) -> tuple[str, str]:
    """Sessions that began long ago and were never told to have stopped."""
    return range_older_than("session-by-status", SessionStatus.CHARGING, instant=limits.lines_before)


async def purge_stories(rows: Rows, *, partition: str, session_ids: Iterable[str], limits: Limits) -> int:
    """Purges those of the sessions that may be, and says how many these are. Raises StorageUnavailable."""
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def purge(session_id: str) -> bool:
        async with at_once:
            first, before = range_below("story", session_id)
            found = await rows.query(partition=partition, first=first, before=before)
            story = story_of(session_id, found)
            if not found or session_id in limits.kept or not may_be_purged(story, ended_before=limits.lines_before):
                return False
            return await _purge_rows(rows, partition, found, story)

    return sum(await all_of(purge(each) for each in session_ids))


async def _purge_rows(rows: Rows, partition: str, found: list[Row], story: Story) -> bool:
    """In one transaction where that is possible, else what nothing points at first, then what followed, the latest
    first, and the session with its own line last.
    """
    session = next((row for row in found if kind_of(row) == "session"), None)
    version = session.version if session else None
    batches = list(_batches(_groups(found, story)))
    for number, batch in enumerate(batches, start=1):
        changes: list[Change] = list(batch)
        if session is not None and number == len(batches):
            changes.append(Delete(key=session.key, version=version))
        elif session is not None:
            # Written over as it is: whoever writes to the session at the same time meets this, or this meets them.
            changes.append(Replace(key=session.key, text=session.text, version=version or ""))
        done = await removed(rows, partition=partition, changes=changes)
        if done is None:
            return False
        if session is not None:
            version = done.get(session.key)
    return True


def _groups(found: list[Row], story: Story) -> Iterator[list[Delete]]:
    """What must go at once, in the order in which it may go; all but the session's own row. A credit and the line in
    its place go together, so that a session's lines always add up.
    """
    numbers = {line.transaction_id: follow_up_number(line) for line in story.lines}
    pointed_at: dict[int, list[Session | Line | Delivery | Comparison]] = {0: []}
    for each in (*story.lines, *story.deliveries):
        pointed_at.setdefault(numbers.get(each.transaction_id, 0), []).append(each)
    pointed_at[0] += [
        *([story.session.value] if story.session else []),
        *([story.comparison] if story.comparison else []),
    ]
    by_key = {row.key: row for row in found if kind_of(row) in _POINTED_AT}
    yield from ([Delete(key=row.key)] for row in found if kind_of(row) not in _POINTED_AT | {"session"})
    for _, group in sorted(pointed_at.items(), reverse=True):
        own = [by_key[key] for each in group if (key := row_key_of(each)) in by_key]
        yield [
            *(Delete(key=row.key, version=row.version) for row in own),
            *(Delete(key=key) for each in group for key in sorted(index_of(each))),
        ]


def _batches(groups: Iterable[list[Delete]]) -> Iterator[list[Delete]]:
    """Groups together, with room for one more change in each."""
    batch: list[Delete] = []
    for group in groups:
        if batch and len(batch) + len(group) >= MAX_CHANGES:
            yield batch
            batch = []
        batch = batch + group
    yield batch
