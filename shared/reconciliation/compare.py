"""Pure: what a session, and each of its lines, adds to the day's tally."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from shared.billing import CostedLine, Line
from shared.delivery import Delivery, DeliveryState, Destination, LineThere, differing_fields
from shared.instant import utc_text
from shared.json_documents import read_json
from shared.operators import LineLookup, Operator
from shared.sessions import Session, SessionStatus, Story

from .difference import Difference, DifferenceKind, NotChecked
from .tally import Tally, Totals, difference

_WH_PER_KWH = 1000
_MOST_FIELDS_SHOWN = 6
_NEXT: dict[DeliveryState, str] = {
    DeliveryState.PENDING: "it is tried by itself",
    DeliveryState.SENDING: "it is tried by itself",
    DeliveryState.RETRYING: "it is tried by itself",
    DeliveryState.BLOCKED: "it goes once the operator's credential or address is mended",
    DeliveryState.REJECTED: "mend what was refused, then retry it, credit it or correct it",
    DeliveryState.EXHAUSTED: "retry it once Utility Cloud answers again",
}


def of_session(story: Story) -> Tally:
    """The session itself, without its lines."""
    if story.session is None or story.session.value.stop is None:
        return Tally()
    session, stop = story.session.value, story.session.value.stop
    counted = Tally(sessions=1)
    if session.status is SessionStatus.DISCARDED:
        return replace(counted, discarded=1)
    if session.status is SessionStatus.NOTHING_TO_BILL:
        counted = replace(counted, nothing_to_bill=1)
    counted = replace(counted, totals=Totals(sessions_kwh=stop.energy_wh / _WH_PER_KWH))
    for found in _differences(story, session):
        counted += difference(found)
    return counted


def of_line(line: Line, *, currency: str) -> Tally:
    """One line that counts: its energy, and its amounts if they are in the operator's currency."""
    totals = Totals(lines_kwh=line.consumption_kwh)
    if not isinstance(line, CostedLine):
        return Tally(lines=1, totals=totals)
    if line.currency != currency:
        return Tally(lines=1, totals=totals, other_currency=1)
    totals = replace(
        totals, lines_excl_vat=line.total_excl_vat, lines_vat=line.total_vat, lines_incl_vat=line.total_incl_vat
    )
    return Tally(lines=1, totals=totals)


def of_undelivered(delivery: Delivery) -> Tally:
    """A line that has not arrived."""
    if delivery.state is DeliveryState.REHEARSED:
        return Tally(not_checked=Counter({NotChecked.REHEARSED.value: 1}))
    told = f" ({delivery.last_error})" if delivery.last_error else ""
    detail = f"it is {delivery.state}{told}: {_NEXT.get(delivery.state, 'see its delivery')}"
    return difference(
        Difference(kind=DifferenceKind.NOT_DELIVERED, transaction_id=delivery.transaction_id, detail=detail)
    )


def why_nobody_can_ask(operator: Operator, delivery: Delivery) -> NotChecked | None:
    """Why Utility Cloud cannot be asked for a delivered line at all; None if it can."""
    if delivery.destination is not Destination.INVOICE_LINE:
        return NotChecked.METER_VALUE
    return None if operator.utility_cloud.line_lookup is LineLookup.GET else NotChecked.NO_LINE_LOOKUP


def of_delivered(line: Line, delivery: Delivery, there: LineThere, *, currency: str) -> Tally:
    """A line that was delivered, and what Utility Cloud says of it."""
    if there.not_asked is not None:
        return Tally(delivered=1) + of_not_asked(delivery, why=there.not_asked)
    if there.document is None:
        when = f" on {utc_text(delivery.delivered_at)}" if delivery.delivered_at else ""
        detail = f"Utility Cloud took it{when} and does not have it now: ask Utility Cloud what became of it"
        kind = DifferenceKind.MISSING_AT_UTILITY_CLOUD
        return Tally(delivered=1) + difference(Difference(kind=kind, transaction_id=line.transaction_id, detail=detail))
    in_currency = not isinstance(line, CostedLine) or line.currency == currency
    present = _amount(there.document.get("totalCostInclVat")) if in_currency else Decimal(0)
    found = Tally(delivered=1, present=1, totals=Totals(present_incl_vat=present))
    sent = read_json(delivery.payload)
    fields = differing_fields(sent, there.document)
    if not fields:
        return found + Tally(equal=1)
    shown = [f"{name} is {_shown(there.document, name)} there, {_shown(sent, name)} here" for name in fields]
    more = f" and {len(shown) - _MOST_FIELDS_SHOWN} more fields" if len(shown) > _MOST_FIELDS_SHOWN else ""
    detail = "; ".join(shown[:_MOST_FIELDS_SHOWN]) + more + ": find out who changed it there, or correct the line here"
    kind = DifferenceKind.DIFFERENT_AT_UTILITY_CLOUD
    return found + difference(Difference(kind=kind, transaction_id=line.transaction_id, detail=detail))


def of_not_asked(delivery: Delivery, *, why: str) -> Tally:
    """A delivered line for which Utility Cloud did not answer."""
    detail = f"Utility Cloud could not be asked ({why}): it is asked again next night"
    return difference(Difference(kind=DifferenceKind.NOT_ASKED, transaction_id=delivery.transaction_id, detail=detail))


def _differences(story: Story, session: Session) -> Iterator[Difference]:
    def found(kind: DifferenceKind, detail: str) -> Difference:
        return Difference(kind=kind, transaction_id=session.session_id, detail=detail)

    if session.status is SessionStatus.HELD:
        since = f" since {utc_text(session.held_since)}" if session.held_since else ""
        detail = f"held{since} for {session.held_for}, {session.held_because}: mend that, or decide on the session"
        yield found(DifferenceKind.HELD, detail)
    if session.twin_of is not None:
        detail = f"it seems to be session {session.twin_of} under another id: decide whether both count"
        yield found(DifferenceKind.CONFLICT, detail)
    if session.conflicts:
        count = len(session.conflicts)
        stops = "another stop contradicts it" if count == 1 else f"{count} other stops contradict it"
        detail = f"{stops}: decide which one is right"
        yield found(DifferenceKind.CONFLICT, detail)
    delivered = {each.transaction_id for each in story.deliveries}
    without = [line.transaction_id for line in story.lines if line.transaction_id not in delivered]
    if without or (session.status is SessionStatus.SETTLED and not story.lines):
        what = f"nothing delivers its line {without[0]}" if without else "it is settled, but has no line"
        yield found(DifferenceKind.NO_LINE, f"{what}: this must never be; give its log to whoever runs the system")


def _amount(value: object) -> Decimal:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else Decimal(0)


def _shown(document: object, name: str) -> str:
    value = document.get(name) if isinstance(document, dict) else None
    return "absent" if value is None else str(value)[:100]
