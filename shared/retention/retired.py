"""Pure: which sessions are over for good, so that nobody needs them once their time has passed."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.delivery import DeliveryState
from shared.sessions import SessionStatus, Story

FINISHED = frozenset({DeliveryState.DELIVERED, DeliveryState.WITHDRAWN, DeliveryState.REHEARSED})
"""What is in any other state is still on its way, or waits for a person."""
_OVER = frozenset(
    {SessionStatus.CHARGING, SessionStatus.SETTLED, SessionStatus.NOTHING_TO_BILL, SessionStatus.DISCARDED}
)
_CLOCKS_DIFFER = timedelta(days=1)


def is_finished(story: Story) -> bool:
    """Whether nothing of a session is under way and nobody has to decide anything about it."""
    session = story.session.value if story.session else None
    if session is not None and (session.status not in _OVER or session.conflicts or session.twin_of is not None):
        return False
    if session is not None and session.status is SessionStatus.SETTLED and not story.lines:
        return False
    states = {each.transaction_id: each.state for each in story.deliveries}
    return all(states.get(line.transaction_id) in FINISHED for line in story.lines) and FINISHED.issuperset(
        states.values()
    )


def may_be_purged(story: Story, *, ended_before: datetime) -> bool:
    """Whether a finished session, and all that followed from it, is older than that."""
    return is_finished(story) and all(instant < ended_before for instant in _instants(story))


def _instants(story: Story) -> Iterator[datetime]:
    """By when it is over: the session's end and its lines'; of what followed later when it was written; of a session
    that never stopped all that was heard of it.
    """
    session = story.session.value if story.session else None
    stop = session.stop if session else None
    yield from (line.ended_at for line in story.lines)
    yield from (each.created_at for each in story.deliveries if each.transaction_id != story.session_id)
    if stop is not None:
        # An end in the future, of a session that was never billed, is a charger's clock.
        yield stop.ended_at if story.lines else min(stop.ended_at, stop.received_at + _CLOCKS_DIFFER)
        return
    if session is not None:
        yield session.heard_at
    yield from (reading.at for reading in story.readings)
