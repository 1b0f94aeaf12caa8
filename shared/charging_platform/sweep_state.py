"""How far an operator's sessions have been asked for, and what stood in the way."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from shared.faults import Stored

FIRST_LOOK_BACK = timedelta(days=7)
OVERLAP = timedelta(hours=6)
DEEP_EVERY = timedelta(days=1)
LONGEST_LOOK_BACK = timedelta(days=35)
_MOST_REMEMBERED = 500


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why the platform could not be asked. `is_refused`: until somebody changes the key or the address."""

    is_refused: bool
    explanation: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class SweepState:
    """`swept_until`: all that ended before was asked for at least once. `go_on_from`: the last run was cut off there.
    `looked_back_at`: when the whole of the last days was last begun. `refused`: digests of items that cannot be read
    and were told of.
    """

    swept_until: datetime | None = None
    go_on_from: datetime | None = None
    looked_back_at: datetime | None = None
    ran_at: datetime | None = None
    not_before: datetime | None = None
    trouble: Trouble | None = None
    refused: tuple[str, ...] = ()

    def begins(self, now: datetime) -> datetime:
        """From which end on sessions are asked for at `now`.

        Mostly from some hours before the last time, because a charger may have told the platform late; once a day, and
        the first time, from some days before, because it may have been offline.
        """
        if self.go_on_from is not None:
            return max(self.go_on_from, now - LONGEST_LOOK_BACK)
        if self.swept_until is None:
            return now - FIRST_LOOK_BACK
        since = self.swept_until - OVERLAP
        if self.looks_back(now):
            since = min(since, now - FIRST_LOOK_BACK)
        return max(since, now - LONGEST_LOOK_BACK)

    def looks_back(self, now: datetime) -> bool:
        """Whether it is time for the last days as a whole; what was cut off is gone on with first."""
        if self.go_on_from is not None:
            return False
        return self.looked_back_at is None or now - self.looked_back_at >= DEEP_EVERY

    def with_refused(self, digests: list[str]) -> "SweepState":
        """The same, with more items that were told of; the oldest are forgotten."""
        return replace(self, refused=(*self.refused, *digests)[-_MOST_REMEMBERED:])


class SweepStates(Protocol):
    """Where that is kept. Everything raises StorageUnavailable."""

    async def find(self, *, gln: str) -> Stored[SweepState] | None:
        """The operator's, in one point read."""
        ...

    async def write(self, *, gln: str, state: SweepState, version: str | None) -> None:
        """Writes over the one that has `version`; None: there must be none yet. Raises RowConflict."""
        ...
