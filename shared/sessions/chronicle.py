"""Use case: the whole story of a session, a line or an accounting point, one time line, oldest first."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.all_of import all_of
from shared.drivers import Driver, Drivers, Permissions
from shared.identifiers import OperatorHome, root_of
from shared.logbook import Logbook, LogEntry, LogQuery, Search, search_back

from .chronicle_parts import (
    Moment,
    moments_of_lines,
    moments_of_session,
    moments_of_statements,
    statements_about,
    told,
)
from .intake import CLOCKS_DIFFER, PERMISSION_HOLDS
from .ledger import Lines, Stories, Story
from .session import Session

MOST_ENTRIES = 200
MOST_LINES = 20
_MOST_REFUSALS = 20
_REFUSED = "authorization-refused"
_REFUSED_BEFORE = timedelta(hours=1)
# Utility Cloud may ask for the same line each minute. That it asked is no part of what happened to it.
_ONLY_ASKED = frozenset({"get-driver", "get-transaction", "list-transactions"})


@dataclass(frozen=True, kw_only=True)
class Chronicle:
    """`story` where the reference is a session or one of its lines, `driver` whose it is or whose accounting point it
    is. Not `is_whole`: of what is long ago the log has more.
    """

    reference: str
    story: Story | None
    driver: Driver | None
    moments: tuple[Moment, ...]
    is_whole: bool


@dataclass(frozen=True, kw_only=True)
class Chronicler:
    """Tells stories from what is stored: point reads, and the ranges of one session and of single references."""

    stories: Stories
    lines: Lines
    drivers: Drivers
    permissions: Permissions
    logbook: Logbook

    async def chronicle(self, *, home: OperatorHome, reference: str) -> Chronicle | None:
        """None if nothing is known of the reference. At most 200 entries of the log for each of its ids, and the 20
        latest lines of an accounting point. Raises StorageUnavailable.
        """
        story, driver, log = await asyncio.gather(
            self._story(home, reference),
            self.drivers.driver(home=home, external_id=reference),
            self._log(home, LogQuery(reference_id=reference)),
        )
        if story is not None:
            return await self._of_session(home, reference, story, log)
        if driver is not None:
            return await self._of_driver(home, reference, driver.value, log)
        if not log.entries:
            return None
        moments = told((), _happened(log.entries))
        return Chronicle(
            reference=reference, story=None, driver=None, moments=moments, is_whole=log.continuation is None
        )

    async def _of_session(self, home: OperatorHome, reference: str, story: Story, log: Search) -> Chronicle:
        session = story.session.value if story.session else None
        others = {story.session_id, *(line.transaction_id for line in story.lines)} - {reference}
        logs, driver, allowed_at, refusals = await asyncio.gather(
            all_of(self._log(home, LogQuery(reference_id=each)) for each in sorted(others)),
            self._driver_of(home, session),
            self._allowed_at(home, session),
            self._refusals(home, session),
        )
        moments = moments_of_session(story, allowed_at=allowed_at)
        about = session and (session.stop or session.start)
        if driver is not None and session is not None and about:
            ended = session.stop.ended_at if session.stop else about.started_at
            statements = statements_about(driver, began=about.started_at, ended=ended)
            moments += moments_of_statements(statements)
        searches = [log, *logs]
        entries = [*(entry for search in searches for entry in search.entries), *refusals]
        return Chronicle(
            reference=reference,
            story=story,
            driver=driver,
            moments=told(moments, _happened(entries)),
            is_whole=all(search.continuation is None for search in searches),
        )

    async def _of_driver(self, home: OperatorHome, reference: str, driver: Driver, log: Search) -> Chronicle:
        lines, more = await self.lines.lines(
            home=home, owner=reference, since=None, until=None, limit=MOST_LINES, continuation=None
        )
        moments = [*moments_of_statements(driver.statements), *moments_of_lines(lines)]
        return Chronicle(
            reference=reference,
            story=None,
            driver=driver,
            moments=told(moments, _happened(log.entries)),
            is_whole=log.continuation is None and more is None,
        )

    async def _story(self, home: OperatorHome, reference: str) -> Story | None:
        for session_id in dict.fromkeys((reference, root_of(reference))):
            story = await self.stories.story(home=home, session_id=session_id)
            names = {line.transaction_id for line in story.lines}
            if reference in names or (session_id == reference and (story.session or story.readings)):
                return story
        return None

    async def _log(self, home: OperatorHome, query: LogQuery, *, most: int = MOST_ENTRIES) -> Search:
        return await search_back(logbook=self.logbook, home=home, query=query, limit=most, most_looked_at=MOST_ENTRIES)

    async def _driver_of(self, home: OperatorHome, session: Session | None) -> Driver | None:
        start = session.start if session else None
        owner = (session and session.external_id) or (start and (start.external_id or start.held_by))
        found = await self.drivers.driver(home=home, external_id=owner) if owner else None
        return found.value if found else None

    async def _allowed_at(self, home: OperatorHome, session: Session | None) -> datetime | None:
        """When the last yes was said at this charger for this tag, if it was the one for this session."""
        start = session.start if session else None
        if start is None or start.external_id is None:
            return None
        last = await self.permissions.permission(home=home, charger_id=start.charger_id, tag=start.tag)
        is_its_own = last is not None and -CLOCKS_DIFFER <= start.started_at - last.at <= PERMISSION_HOLDS
        return last.at if last is not None and is_its_own else None

    async def _refusals(self, home: OperatorHome, session: Session | None) -> list[LogEntry]:
        """What was refused to this tag, or to whom it is, in the hour before the session."""
        about = session and (session.start or session.stop)
        if not session or not about:
            return []
        try:
            since, until = about.started_at - _REFUSED_BEFORE, about.started_at + CLOCKS_DIFFER
        except OverflowError:
            return []  # a time at the end of the calendar, at which nobody can have asked
        names = sorted({name for name in (about.tag, session.external_id) if name})
        queries = [LogQuery(since=since, until=until, action=_REFUSED, reference_id=name) for name in names]
        found = await all_of(self._log(home, query, most=_MOST_REFUSALS) for query in queries)
        return [entry for search in found for entry in search.entries]


def _happened(entries: Iterable[LogEntry]) -> list[LogEntry]:
    return list({entry.id: entry for entry in entries if entry.action not in _ONLY_ASKED}.values())
