"""What is written when a line is credited or corrected, and in which order it is to arrive."""

from datetime import datetime

from shared.billing import CostedLine, Line
from shared.delivery import Delivery, DeliveryState, payload_of
from shared.json_documents import print_json
from shared.logbook import Direction, LogEntry, log_entry
from shared.sessions import IMMEDIATE_ATTEMPT_WITHIN, FollowUp, Session, Withdrawal
from shared.telemetry import traceparent

from .standing import Standing


def in_place_of_the_original(
    found: Standing, *, session: Session, line: Line | None, reason: str, by: str, now: datetime
) -> FollowUp:
    """For a line that is certainly not at Utility Cloud: it is withdrawn, and only the new one goes, if there is one.

    The new one waits for what the other waited for. What follows a rehearsed line is rehearsed too.
    """
    before = found.delivery.value
    lines = () if line is None else (line,)
    deliveries = tuple(
        _delivery(
            each,
            found,
            after=before.after,
            state=DeliveryState.REHEARSED if before.state is DeliveryState.REHEARSED else DeliveryState.PENDING,
            now=now,
        )
        for each in lines
    )
    instead = f"; {line.transaction_id} goes in its place" if line is not None else ""
    told = _entry(found.line, "line-withdrawn", f"{by} withdrew it before it was sent{instead}, because {reason}", now)
    return FollowUp(
        session=session,
        line=found.line,
        lines=lines,
        deliveries=deliveries,
        withdrawal=Withdrawal(
            before=found.delivery, after=before.withdrawn(because=f"withdrawn before it was sent, because {reason}")
        ),
        entries=(told, *_told_of(lines, found.line, by=by, reason=reason, now=now)),
    )


def beside_the_original(
    found: Standing,
    *,
    session: Session,
    credit: CostedLine | None,
    line: Line | None,
    reason: str,
    by: str,
    now: datetime,
) -> FollowUp:
    """For a line that Utility Cloud has or may have: what follows it is sent after it."""
    original = found.line.transaction_id
    entries: tuple[LogEntry, ...] = ()
    deliveries = []
    if credit is not None:
        deliveries.append(_delivery(credit, found, after=original, is_credit=True, now=now))
        waits = (
            "" if found.delivery.value.state is DeliveryState.DELIVERED else ", which waits until this one has arrived"
        )
        message = f"{by} credited it by {credit.transaction_id}{waits}, because {reason}"
        entries = (_entry(found.line, "line-credited", message, now),)
    if line is not None:
        deliveries.append(_delivery(line, found, after=original, now=now))
    corrected = () if line is None else (line,)
    return FollowUp(
        session=session,
        line=found.line,
        lines=(*(() if credit is None else (credit,)), *corrected),
        deliveries=tuple(deliveries),
        entries=(*entries, *_told_of(corrected, found.line, by=by, reason=reason, now=now)),
    )


def _delivery(
    line: Line,
    found: Standing,
    *,
    after: str | None,
    is_credit: bool = False,
    state: DeliveryState = DeliveryState.PENDING,
    now: datetime,
) -> Delivery:
    return Delivery(
        transaction_id=line.transaction_id,
        session_id=line.session_id,
        destination=found.delivery.value.destination,
        payload=print_json(payload_of(line)),
        created_at=now,
        state=state,
        due_at=now + IMMEDIATE_ATTEMPT_WITHIN if state is DeliveryState.PENDING else None,
        after=after,
        is_credit=is_credit,
        traceparent=traceparent(),
    )


def _told_of(lines: tuple[Line, ...], before: Line, *, by: str, reason: str, now: datetime) -> tuple[LogEntry, ...]:
    entries = []
    for line in lines:
        message = f"{by} corrected {before.transaction_id} ({_in_words(before)}) to {_in_words(line)}, because {reason}"
        entries.append(_entry(line, "line-corrected", message, now))
        if isinstance(line, CostedLine) and line.revenue_share_missing:
            missing = f"site {line.site_id} shares its revenue, but no revenueShareId is set: the line goes without one"
            entries.append(_entry(line, "revenue-share-missing", missing, now))
    return tuple(entries)


def _in_words(line: Line) -> str:
    what = f"{line.started_at:%Y-%m-%d %H:%M:%S} to {line.ended_at:%Y-%m-%d %H:%M:%S} UTC, {line.consumption_kwh:f} kWh"
    if not isinstance(line, CostedLine):
        return what
    tariff = f" by tariff {line.report.tariff_id}" if line.report else ""
    share = f", revenue share {line.revenue_share_id}" if line.revenue_share_id is not None else ""
    return f"{what}, {line.total_incl_vat} {line.currency} incl. VAT{tariff}{share}"


def _entry(line: Line, action: str, message: str, now: datetime) -> LogEntry:
    return log_entry(
        at=now,
        direction=Direction.IN,
        endpoint="operator",
        action=action,
        message=message,
        reference_id=line.transaction_id,
    )
