"""What sessions need of whatever stores them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.billing import CostedLine, Line, credit_of, latest_line
from shared.delivery import Attempt, Delivery, DeliveryState
from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry

from .comparison import Comparison
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
    comparison: Comparison | None = None

    @property
    def line_in_force(self) -> Line | None:
        """The one line that says what the session came to; None if there is none, or none any more."""
        if not self.lines:
            return None
        latest = latest_line(self.lines)
        if credit_of(self.lines, latest) is not None or latest.transaction_id in self._withdrawn:
            return None
        return latest

    @property
    def standing_lines(self) -> tuple[Line, ...]:
        """The lines that count at Utility Cloud once all are delivered: amounts and energy add up to what the session
        came to. Not among them are lines that were withdrawn, and series that were replaced.
        """
        in_force = self.line_in_force
        return tuple(
            line
            for line in self.lines
            if line.transaction_id not in self._withdrawn and (isinstance(line, CostedLine) or line is in_force)
        )

    @property
    def _withdrawn(self) -> frozenset[str]:
        return frozenset(each.transaction_id for each in self.deliveries if each.state is DeliveryState.WITHDRAWN)


class Stories(Protocol):
    """Sessions with what became of them, to be read. Everything raises StorageUnavailable."""

    async def story(self, *, home: OperatorHome, session_id: str) -> Story:
        """One operation, however long the story."""
        ...

    async def story_of_line(self, *, home: OperatorHome, transaction_id: str) -> Story | None:
        """The story in which this line stands; None if there is no such line."""
        ...

    async def settled(
        self,
        *,
        home: OperatorHome,
        since: datetime,
        until: datetime,
        limit: int,
        continuation: str | None,
    ) -> tuple[list[str], str | None]:
        """Ids of sessions that became lines, by their end, newest first; `since` inclusive, `until` exclusive.

        Each session once, at the end that its first line states, whatever was credited or corrected later.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """A delivery as it was read, and as it is once nothing of it is sent any more."""

    before: Stored[Delivery]
    after: Delivery


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """What follows a line: the session with the decision, the lines and their deliveries, and what is withdrawn."""

    session: Session
    line: Line
    lines: tuple[Line, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    withdrawal: Withdrawal | None = None
    comparison: Comparison | None = None
    entries: tuple[LogEntry, ...] = ()


class Ledger(Stories, Protocol):
    """Sessions with what became of them. Everything raises StorageUnavailable, what writes RowConflict."""

    async def record(
        self,
        *,
        home: OperatorHome,
        before: Story,
        session: Session,
        line: Line | None = None,
        delivery: Delivery | None = None,
        comparison: Comparison | None = None,
        entries: tuple[LogEntry, ...] = (),
        claims: bool = False,
    ) -> None:
        """The session, its line, the line's delivery, their places in the lists and the log, all at once, and with what
        the line is compared.

        Only if the session is still as it was `before`; else RowConflict. `claims`: it claims where and when it
        started, and if another has claimed that in its partition, that is a RowConflict too.
        """
        ...

    async def record_follow_up(self, *, home: OperatorHome, before: Story, follow_up: FollowUp) -> None:
        """All of it at once, and the line that it follows is no longer one whose revenue share is missing.

        Only if the session is still as it was `before`, and a delivery that is to be withdrawn as it was read; else
        RowConflict.
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
    """Lines, looked up. Everything raises StorageUnavailable, lists ContinuationUnreadable."""

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

    async def missing_shares(
        self,
        *,
        home: OperatorHome,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        continuation: str | None,
    ) -> tuple[list[LineWithDelivery], str | None]:
        """Lines in force that went without their revenue share's id, of sessions that ended from `since` on and before
        `until`, newest end first.
        """
        ...

    async def comparisons(
        self,
        *,
        home: OperatorHome,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        continuation: str | None,
    ) -> tuple[list[Comparison], str | None]:
        """Rehearsed comparisons by their sessions' end, newest first; `since` inclusive, `until` exclusive."""
        ...
