"""What reconciliation needs of others."""

from datetime import date, datetime
from typing import Protocol

from shared.delivery import Delivery, LineThere
from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry
from shared.operators import Operator
from shared.sessions import Story

from .reconciled import Reconciled


class EndedSessions(Protocol):
    """Sessions by their end. Everything raises StorageUnavailable."""

    async def ended(
        self, *, home: OperatorHome, since: datetime, until: datetime, limit: int, continuation: str | None
    ) -> tuple[list[str], str | None]:
        """Ids of all sessions that ended from `since` on and before `until`, whatever became of them, newest first,
        and what to continue with. Raises ContinuationUnreadable.
        """
        ...

    async def story(self, *, home: OperatorHome, session_id: str) -> Story:
        """One operation, however long the story."""
        ...


class LinesElsewhere(Protocol):
    """Utility Cloud, asked whether it has a line."""

    async def look_up(self, *, operator: Operator, delivery: Delivery) -> LineThere:
        """One question, answered within two minutes. Never raises for what the other side does or does not."""
        ...


class Reconciliations(Protocol):
    """Where results are kept. Everything raises StorageUnavailable, what writes RowConflict."""

    async def find(self, *, home: OperatorHome, day: date) -> Stored[Reconciled] | None:
        """A day's result, or how far it has come, in one point read."""
        ...

    async def write(
        self, *, home: OperatorHome, result: Reconciled, version: str | None, entry: LogEntry | None = None
    ) -> str:
        """Writes over the one that has `version` (None: there must be none), with its log entry, and gives the new
        version.
        """
        ...

    async def latest(
        self, *, home: OperatorHome, limit: int, continuation: str | None
    ) -> tuple[list[Reconciled], str | None]:
        """The latest days' results, newest first. Raises ContinuationUnreadable."""
        ...

    async def night_done(self, *, home: OperatorHome) -> date | None:
        """The day up to which the nightly work is done; one point read."""
        ...

    async def record_night(self, *, home: OperatorHome, day: date) -> None:
        """The nightly work is done up to `day`."""
        ...
