"""A local day's result: what was counted, what does not agree, and how far the counting has come."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from .tally import Tally


class ReconciledState(StrEnum):
    """`incomplete`: all was gone through, but for some lines Utility Cloud did not answer."""

    RUNNING = "running"
    DONE = "done"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """The day from `since` on and before `until`, in UTC. `position` is where a run that was cut off goes on.

    `wanted_by` is who asked for the run, None for the nightly one.
    """

    day: date
    since: datetime
    until: datetime
    currency: str
    started_at: datetime
    finished_at: datetime | None = None
    state: ReconciledState = ReconciledState.RUNNING
    wanted_by: str | None = None
    tally: Tally = field(default_factory=Tally)
    position: str | None = None

    @property
    def is_running(self) -> bool:
        """Whether there are sessions left to go through, be it that somebody is at it or that it was cut off."""
        return self.state is ReconciledState.RUNNING

    @property
    def is_clean(self) -> bool:
        """Whether all was gone through and nothing differs."""
        return self.state is ReconciledState.DONE and not self.tally.by_kind

    @property
    def reference(self) -> str:
        """What the log knows it by."""
        return reference_of(self.day)


def reference_of(day: date) -> str:
    """What the log knows a day's result by."""
    return f"reconciliation-{day.isoformat()}"
