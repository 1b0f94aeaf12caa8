"""What a time line is made of: what happened, when, and what the log has of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.delivery import Attempt
from shared.drivers import Driver, Statement, StatementKind
from shared.logbook import Direction, LogEntry

from .ledger import LineWithDelivery, Story
from .session import Session


class MomentKind(StrEnum):
    """What happened, in the order of what happened at the same time."""

    CONTRACT = "contract"
    ALLOWED = "allowed"
    STARTED = "started"
    MEASURED = "measured"
    STOPPED = "stopped"
    CONTRADICTED = "contradicted"
    HELD = "held"
    DECIDED = "decided"
    LINE = "line"
    ATTEMPT = "attempt"
    NOTED = "noted"


_ORDER = {kind: place for place, kind in enumerate(MomentKind)}
_SAYS = {
    "session-started": MomentKind.STARTED,
    "session-stopped": MomentKind.STOPPED,
    "session-swept": MomentKind.STOPPED,
}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Something that happened. `what` is, by the kind: a Statement, the Start (allowed, started), all Readings, a Stop
    (stopped, contradicted), the Session (held), a Decision, a LineWithDelivery, an Attempt, a LogEntry (noted).

    `entries` are what the log has of it, oldest first.
    """

    at: datetime
    kind: MomentKind
    what: Any
    entries: tuple[LogEntry, ...] = ()


def moments_of_session(story: Story, *, allowed_at: datetime | None) -> list[Moment]:
    """What is stored of a session and of what followed from it. `allowed_at` is when the platform was told that the
    session may start; None if that is not known any more.
    """
    found = [
        Moment(at=attempt.started_at, kind=MomentKind.ATTEMPT, what=attempt) for attempt in story.attempts
    ] + moments_of_lines(_with_deliveries(story))
    if story.readings:
        first = min(reading.at for reading in story.readings)
        found.append(Moment(at=first, kind=MomentKind.MEASURED, what=story.readings))
    if story.session is not None:
        found += _moments_of(story.session.value, allowed_at)
    return found


def moments_of_lines(lines: Iterable[LineWithDelivery]) -> list[Moment]:
    """Each when it was written."""
    return [Moment(at=each.delivery.created_at, kind=MomentKind.LINE, what=each) for each in lines]


def moments_of_statements(statements: Iterable[Statement]) -> list[Moment]:
    """Each from when it held."""
    return [Moment(at=each.at, kind=MomentKind.CONTRACT, what=each) for each in statements]


def statements_about(driver: Driver, *, began: datetime, ended: datetime) -> Sequence[Statement]:
    """What Utility Cloud said of the driver that mattered from `began` to `ended`: from the last activation before."""
    until = [each for each in driver.statements if each.at <= ended]
    activations = [
        place for place, each in enumerate(until) if each.kind is StatementKind.ACTIVATED and each.at <= began
    ]
    return until[activations[-1] :] if activations else until


def told(moments: Iterable[Moment], entries: Iterable[LogEntry]) -> tuple[Moment, ...]:
    """One time line, oldest first: each entry of the log with what it tells of, else on its own."""
    line = list(moments)
    for entry in sorted(entries, key=lambda each: each.at):
        place = _place_of(entry, line)
        if place is None:
            line.append(Moment(at=entry.at, kind=MomentKind.NOTED, what=entry, entries=(entry,)))
        else:
            line[place] = replace(line[place], entries=(*line[place].entries, entry))
    return tuple(sorted(line, key=lambda each: (each.at, _ORDER[each.kind])))


def _moments_of(session: Session, allowed_at: datetime | None) -> list[Moment]:
    found = []
    if (start := session.start) is not None:
        found.append(Moment(at=start.started_at, kind=MomentKind.STARTED, what=start))
        if start.external_id is not None:
            found.append(Moment(at=allowed_at or start.started_at, kind=MomentKind.ALLOWED, what=start))
    if session.stop is not None:
        found.append(Moment(at=session.stop.ended_at, kind=MomentKind.STOPPED, what=session.stop))
    found += [Moment(at=each.received_at, kind=MomentKind.CONTRADICTED, what=each) for each in session.conflicts]
    if session.held_for is not None and session.held_since is not None:
        found.append(Moment(at=session.held_since, kind=MomentKind.HELD, what=session))
    return found + [Moment(at=each.decided_at, kind=MomentKind.DECIDED, what=each) for each in session.decisions]


def _with_deliveries(story: Story) -> list[LineWithDelivery]:
    by_id = {delivery.transaction_id: delivery for delivery in story.deliveries}
    return [
        LineWithDelivery(line=line, delivery=by_id[line.transaction_id])
        for line in story.lines
        if line.transaction_id in by_id
    ]


def _place_of(entry: LogEntry, line: Sequence[Moment]) -> int | None:
    """Which moment the entry tells of. A second entry that says the same, such as a repeated stop, tells of none."""
    tried = [place for place, moment in enumerate(line) if _was_tried(moment, entry)]
    if tried:
        return max(tried, key=lambda place: line[place].at)
    return next((place for place, each in enumerate(line) if not each.entries and _is_told_by(each, entry)), None)


def _was_tried(moment: Moment, entry: LogEntry) -> bool:
    return (
        isinstance(moment.what, Attempt)
        and entry.direction is Direction.OUT
        and entry.reference_id == moment.what.transaction_id
        and moment.at <= entry.at
    )


def _is_told_by(moment: Moment, entry: LogEntry) -> bool:
    if isinstance(moment.what, Statement):
        return entry.action == f"Contract{moment.what.kind.title()}" and moment.what.enqueued_at <= entry.at
    return _SAYS.get(entry.action) is moment.kind
