"""A blockade: an operator's credential or address was refused, so none of its lines is tried until one is accepted."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from shared.faults import Stored
from shared.logbook import LogEntry

# A refusal that lasts is not asked about each minute for ever: each probe is a row and a log entry.
_PROBED_EACH_MINUTE_FOR = timedelta(hours=1)
_LONGEST_PAUSE = timedelta(minutes=15)


class BlockKind(StrEnum):
    """What was refused: by Entra the credential, by Utility Cloud a fresh token, or nothing can be sent to the address:
    there is nothing, or it does not lead to the public internet.
    """

    TOKEN = "token"  # noqa: S105  a kind, no password
    CREDENTIAL = "credential"
    ADDRESS = "address"


@dataclass(frozen=True, kw_only=True)
class Blockade:
    """The last time that an operator was blocked: in force until `released_at`, which `released_because` explains.

    `found_by` is the delivery that was refused first. `probing_until`: somebody is trying whether it holds, and is
    given up for dead then. `is_worked_off`: no delivery waits for its end any more. `untold` is what the log must have;
    it is written here first, because the log is another table.
    """

    blockade_id: str
    gln: str
    kind: BlockKind
    reason: str
    since: datetime
    found_by: str
    probes: int = 0
    probed_at: datetime | None = None
    probing_until: datetime | None = None
    released_at: datetime | None = None
    released_because: str | None = None
    is_worked_off: bool = False
    untold: tuple[LogEntry, ...] = ()

    @property
    def is_in_force(self) -> bool:
        """Whether the operator is blocked."""
        return self.released_at is None

    def is_to_be_probed(self, *, now: datetime) -> bool:
        """Whether the timer should: at each call in the first hour, then at intervals that grow to a quarter hour."""
        age = now - self.since
        if self.probed_at is None or age <= _PROBED_EACH_MINUTE_FOR:
            return True
        return now - self.probed_at >= min(age / 60, _LONGEST_PAUSE)

    def probing(self, *, at: datetime, until: datetime) -> "Blockade":
        """Somebody tries whether it holds."""
        return replace(self, probes=self.probes + 1, probed_at=at, probing_until=until)

    def still_there(self, *, kind: BlockKind, reason: str) -> "Blockade":
        """It holds."""
        return replace(self, kind=kind, reason=reason, probing_until=None)

    def released(self, *, at: datetime, because: str, entry: LogEntry) -> "Blockade":
        """It is over."""
        return replace(self, released_at=at, released_because=because, probing_until=None, untold=(*self.untold, entry))

    def told(self, entries: tuple[LogEntry, ...]) -> "Blockade":
        """The log has these."""
        ids = {entry.id for entry in entries}
        return replace(self, untold=tuple(entry for entry in self.untold if entry.id not in ids))


class BlockadeStore(Protocol):
    """Where blockades are kept, the last one of each operator. Everything raises StorageUnavailable."""

    async def every(self) -> dict[str, Stored[Blockade]]:
        """All of them by GLN, released ones too, in one query."""
        ...

    async def find(self, *, gln: str) -> Stored[Blockade] | None:
        """The operator's, in one point read."""
        ...

    async def write(self, blockade: Blockade, *, version: str | None) -> Stored[Blockade]:
        """Writes over the one that has `version` (None: there must be none). Raises RowConflict."""
        ...
