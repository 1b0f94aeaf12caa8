"""A session and what became of it, rewritten without the tags of its person."""

from shared.faults import RowConflict, StorageUnavailable
from shared.retention import Person, erased_attempt, erased_comparison, erased_delivery, erased_line, erased_session

from .ledger_rows import ATTEMPT, DELIVERY, SESSION, comparison_changes, comparison_of, line_of, line_text
from .ledger_rows import session_index_changes as moved
from .rows import MAX_CHANGES, Change, Replace, Row, Rows, range_below
from .stored_text import text_of
from .stories import kind_of

_TRIES = 8


async def erase_story(rows: Rows, *, partition: str, session_id: str, person: Person) -> bool:
    """Rewrites what names a tag, unless it was first heard of after them; done again it changes nothing.

    Raises StorageUnavailable.
    """
    first, before = range_below("story", session_id)
    for _ in range(_TRIES):
        found = await rows.query(partition=partition, first=first, before=before)
        own = next((SESSION.validate_json(row.text) for row in found if kind_of(row) == "session"), None)
        if own is None or own.heard_at > person.known_until:
            return False
        groups = [changes for row in found if (changes := _rewritten(row, person))]
        try:
            for batch in _batches(groups):
                await rows.commit(partition=partition, changes=batch)
        except RowConflict:
            continue  # somebody writes to it: as it is now
        return True
    raise StorageUnavailable(detail=f"others keep writing to session {session_id}")


def _rewritten(row: Row, person: Person) -> list[Change]:
    """What must change together for one row; nothing if it names nobody."""
    text, others = row.text, []
    match kind_of(row):
        case "session":
            session = SESSION.validate_json(row.text)
            erased = erased_session(session, person)
            if erased != session:
                text, others = text_of(SESSION, erased), moved(session, erased)
        case "line":
            line = line_of(row.text)
            if (without := erased_line(line)) != line:
                text = line_text(without)
        case "delivery":
            delivery = DELIVERY.validate_json(row.text)
            if (sent := erased_delivery(delivery, person)) != delivery:
                text = text_of(DELIVERY, sent)
        case "attempt":
            attempt = ATTEMPT.validate_json(row.text)
            if (tried := erased_attempt(attempt, person)) != attempt:
                text = text_of(ATTEMPT, tried)
        case "comparison":
            comparison = comparison_of(row.text)
            if (compared := erased_comparison(comparison)) != comparison:
                return comparison_changes(comparison, compared)
    return [Replace(key=row.key, text=text, version=row.version), *others] if text != row.text else []


def _batches(groups: list[list[Change]]) -> list[list[Change]]:
    batches: list[list[Change]] = []
    for group in groups:
        if batches and len(batches[-1]) + len(group) <= MAX_CHANGES:
            batches[-1] += group
        else:
            batches.append(list(group))
    return batches
