"""When a delivery that failed for now is tried again: a list that a person can read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

GIVEN_UP_AFTER = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class RetrySchedule:
    """Pauses after the first, second, ... failure; the last one repeats until `given_up_after` has passed."""

    pauses: Sequence[timedelta]
    given_up_after: timedelta = GIVEN_UP_AFTER

    def next_attempt(
        self, *, attempts: int, created_at: datetime, now: datetime, retry_after: timedelta | None = None
    ) -> datetime | None:
        """When to try again after the `attempts`-th attempt failed at `now`, None if it is given up.

        `retry_after` is what the other side asked for; it lengthens a pause, never shortens it.
        """
        if now - created_at >= self.given_up_after:
            return None
        pause = self.pauses[min(attempts, len(self.pauses)) - 1]
        return now + max(pause, retry_after or timedelta())
