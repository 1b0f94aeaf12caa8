"""All walks by which old things are found, in the order in which they are done."""

from collections.abc import Callable
from datetime import timedelta

from shared.delivery import DeliveryState
from shared.identifiers import OperatorHome
from shared.retention import Walk

from .old_attempts import OldAttempts
from .old_rows import OldLog, OldOwnerlessLog, OldPermissions, old_results, old_start_claims
from .old_stories import Leftovers, OldStories, ended_long_ago, never_stopped
from .old_tags import OldTagClaims
from .rows import Rows

# An attempt can be a month younger than its delivery, so each delivery is looked at once more then.
_LAST_ATTEMPT = timedelta(days=31)


def ownerless_walks(rows: Rows, *, home_of: Callable[[str], OperatorHome]) -> tuple[Walk, ...]:
    """What there is to purge where the log lies of messages that name no operator; `home_of` gives that of a GLN that
    is not set up.
    """
    return (OldOwnerlessLog(rows=rows, home_of=home_of),)


def walks(rows: Rows) -> tuple[Walk, ...]:
    """All of an operator."""
    arrived = (DeliveryState.DELIVERED, DeliveryState.WITHDRAWN)
    return (
        OldLog(rows=rows),
        old_results(rows),
        *(
            OldAttempts(rows=rows, state=state, later=later)
            for state in arrived
            for later in (timedelta(), _LAST_ATTEMPT)
        ),
        OldStories(rows=rows, name="sessions", range_of=ended_long_ago, claims=old_start_claims(rows)),
        OldStories(rows=rows, name="sessions that never stopped", range_of=never_stopped),
        Leftovers(rows=rows),
        OldPermissions(rows=rows),
        OldTagClaims(rows=rows),
    )
