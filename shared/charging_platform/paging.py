"""Pages of a list of sessions that changes while it is read."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from .listed_session import ended_at
from .platform import Page

# Whether the platform's time of search is inclusive is not known; a second read again decides that.
_READ_AGAIN = timedelta(seconds=1)

type Ask = Callable[[datetime, int], Awaitable[Page]]
"""Asks for a page, by its number from 1 on, of what ended at an instant or later."""


class Paging:
    """Goes through the sessions that ended from `since` on, page after page, by their ends instead of by page numbers.

    What comes into the list or goes out of it meanwhile shifts what follows from one page to another; so each next page
    is asked for as the first of what ended no earlier than the last one seen. Only where the ends of a page do not
    rise, or do not rise by enough, page numbers are counted. Items are seen more than once.
    """

    def __init__(self, *, since: datetime, ask: Ask) -> None:
        self.cursor = since
        """Everything that ended before has been seen."""
        self.is_complete = False
        self._number = 1
        self._ask = ask

    async def next(self) -> Page:
        """The next page. Raises what asking raises, after which the same page is the next one still."""
        page = await self._ask(self.cursor, self._number)
        if not page.has_next:
            self.is_complete = True
            return page
        ends = [end for item in page.items if (end := ended_at(item)) is not None]
        rises = bool(ends) and ends == sorted(ends) and ends[0] >= self.cursor
        if rises and ends[-1] - _READ_AGAIN > self.cursor:
            self.cursor, self._number = ends[-1] - _READ_AGAIN, 1
        else:
            self._number += 1
        return page
