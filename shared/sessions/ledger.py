"""What sessions need of whatever stores them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.billing import Line
from shared.delivery import Attempt, Delivery
from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry

from .session import HeldFor, Reading, Session, SessionList, SessionStatus


@dataclass(frozen=True, kw_only=True)
class Story:
    """Everything that is known of a session id. `session` is None if nothing but readings was heard yet."""

    session_id: str
    session: Stored[Session] | None = None
    readings: tuple[Reading, ...] = ()
    lines: tuple[Line, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    attempts: tuple[Attempt, ...] = ()


class Ledger(Protocol):
    """Sessions with what became of them. Everything raises StorageUnavailable, what writes RowConflict."""

    async def story(self, *, home: OperatorHome, session_id: str) -> Story:
        """One operation, however long the story."""
        ...

    async def record(
        self,
        *,
        home: OperatorHome,
        before: Story,
        session: Session,
        line: Line | None = None,
        delivery: Delivery | None = None,
        entries: tuple[LogEntry, ...] = (),
    ) -> None:
        """The session, its line, the line's delivery, their places in the lists and the log, all at once.

        Only if the session is still as it was `before`; else RowConflict.
        """
        ...

    async def add_readings(self, *, home: OperatorHome, session_id: str, readings: tuple[Reading, ...]) -> None:
        """Adds readings to a session that may not be known yet. The same readings again change nothing."""
        ...

    def held(self, *, home: OperatorHome, reason: HeldFor, tag: str | None = None) -> AsyncIterator[str]:
        """Ids of sessions held for `reason`, of those with `tag` only if it is given, longest held first (for each tag
        where they are kept by it). What is settled meanwhile disturbs nothing.
        """
        ...

    async def sessions(
        self, *, home: OperatorHome, listed: SessionStatus | SessionList, limit: int, continuation: str | None
    ) -> tuple[list[Session], str | None]:
        """Sessions of a status, those with an undecided conflict, or all that are held or have one; newest first."""
        ...


@dataclass(frozen=True, kw_only=True)
class LineWithDelivery:
    """A line, and how far it has come."""

    line: Line
    delivery: Delivery


class Lines(Protocol):
    """Lines, looked up. Everything raises StorageUnavailable."""

    async def line(self, *, home: OperatorHome, transaction_id: str) -> LineWithDelivery | None:
        """The line of this id."""
        ...

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
        """Lines of one owner or all by their sessions' end, newest first; `since` inclusive, `until` exclusive."""
        ...
