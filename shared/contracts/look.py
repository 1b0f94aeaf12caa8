"""What a look at a dead letter came to, and when it is looked at again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NEVER = datetime.max.replace(tzinfo=UTC)
YOUNG = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=6)
_AGE_BY_PAUSE = 4


@dataclass(frozen=True, kw_only=True)
class Look:
    """`fault` None: it was carried out, and `again_at` is when it is to be removed at the earliest.

    `since` is when it was enqueued, or carried out; `revision` that of the operator that it names, None where there is
    none.
    """

    fault: str | None
    since: datetime
    again_at: datetime
    gln: str | None
    revision: str | None

    @property
    def has_passed(self) -> bool:
        """Whether it only has to be removed."""
        return self.fault is None

    def is_due(self, *, now: datetime, revisions: Mapping[str, str]) -> bool:
        """Whether it is time for another look, or its operator was set up or changed; `revisions` are theirs by GLN."""
        return self.again_at <= now or (self.gln is not None and revisions.get(self.gln) != self.revision)


def next_look(*, since: datetime, now: datetime) -> datetime:
    """When what does not pass at `now` is looked at again: at once, so at each run, as long as it is young; then after
    a quarter of its age, but six hours at most.
    """
    age = now - since
    return now if age < YOUNG else now + min(age / _AGE_BY_PAUSE, LONGEST_PAUSE)
