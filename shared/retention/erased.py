"""Pure: what is left of each thing once its person is erased: all that was billed, and not by which tag."""

from dataclasses import replace

from shared.billing import ERASED, Line
from shared.delivery import Attempt, Delivery
from shared.drivers import normalised
from shared.json_documents import print_json, read_json
from shared.logbook import LogEntry
from shared.sessions import Comparison, Decision, Session, SessionStatus, Start, Stop

from .person import Person

ABOUT_ERASURES = frozenset({"driver-erasure-begun", "driver-erased"})
"""Actions of log entries that tell that somebody was erased, by whom and why: they stay."""
_TAG_FIELDS = ("authorizedTag", "authorizedTagName", "authorizedIdTag")


def erased_session(session: Session, person: Person) -> Session:
    """Its tags are gone, from what was said of it and from what was decided; if it was billed, whose it was stays."""
    start = _start(session.start) if session.start else None
    external_id = session.external_id
    if session.status is not SessionStatus.SETTLED:
        external_id = ERASED if external_id else None
        start = replace(start, external_id=None, held_by=None) if start else None
    return replace(
        session,
        start=start,
        stop=_stop(session.stop) if session.stop else None,
        external_id=external_id,
        held_because=person.erased_in(session.held_because) if session.held_because else session.held_because,
        conflicts=tuple(_stop(each) for each in session.conflicts),
        decisions=tuple(_decision(each, session, person) for each in session.decisions),
    )


def erased_line(line: Line) -> Line:
    """Amounts, energy, times, ids and the owner, which the invoice needs, stay."""
    return replace(line, tag=ERASED, tag_name=ERASED)


def erased_comparison(comparison: Comparison) -> Comparison:
    """As its line."""
    costed = comparison.line
    return replace(comparison, line=replace(costed, tag=ERASED, tag_name=ERASED)) if costed else comparison


def erased_delivery(delivery: Delivery, person: Person) -> Delivery:
    """What was sent without the tag; the owner stays."""
    sent = read_json(delivery.payload)
    tags = {name: ERASED for name in _TAG_FIELDS if name in sent}
    return replace(
        delivery,
        payload=print_json({**sent, **tags}) if tags else delivery.payload,
        last_error=person.erased_in(delivery.last_error) if delivery.last_error else delivery.last_error,
    )


def erased_attempt(attempt: Attempt, person: Person) -> Attempt:
    """What came of it without their names."""
    return replace(attempt, outcome=person.erased_in(attempt.outcome)) if attempt.outcome else attempt


def erased_entry(entry: LogEntry, person: Person) -> LogEntry:
    """The very same entry if it is not about them, or tells of an erasure. Else payload and answer go as a whole: who
    knows what else they say.
    """
    if entry.action in ABOUT_ERASURES:
        return entry
    texts = (entry.message, entry.endpoint, entry.reference_id, entry.payload, entry.answer)
    if not any(person.is_named_in(text, at=entry.at) for text in texts if text):
        return entry
    named = entry.reference_id is not None and person.is_named_in(entry.reference_id, at=entry.at)
    return replace(
        entry,
        message=person.erased_in(entry.message),
        endpoint=person.erased_in(entry.endpoint),
        reference_id=None if named else entry.reference_id,
        payload=ERASED if entry.payload else entry.payload,
        answer=ERASED if entry.answer else entry.answer,
    )


def _start(start: Start) -> Start:
    return replace(start, tag=ERASED)


def _stop(stop: Stop) -> Stop:
    return replace(stop, tag=ERASED)


def _decision(decision: Decision, session: Session, person: Person) -> Decision:
    fingerprint = decision.fingerprint
    if fingerprint is not None:
        fingerprint = person.erased_in(fingerprint, replacement=normalised(ERASED))
        for stop in (session.stop, *session.conflicts):
            # Also a tag that turned out to be somebody else's.
            if stop is not None:
                fingerprint = fingerprint.replace(f"/{normalised(stop.tag)}/", f"/{normalised(ERASED)}/")
    billed = session.status is SessionStatus.SETTLED
    return replace(
        decision,
        reason=person.erased_in(decision.reason),
        external_id=decision.external_id if billed else None,
        fingerprint=fingerprint,
    )
