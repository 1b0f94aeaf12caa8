"""An erasure on its way: what is left to do, and what was erased so far."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.drivers import Driver
from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry

from .person import Person


class ErasureStep(StrEnum):
    """In their order. Those in the middle are called as the lists of sessions that they go through."""

    TAGS = "tags"
    LINES = "lines"
    NOTHING_TO_BILL = "nothing-to-bill"
    DISCARDED = "discarded"
    CHARGING = "charging"
    LOG = "log"
    RESULTS = "results"
    DONE = "done"

    @property
    def following(self) -> "ErasureStep":
        """The next one."""
        steps = list(ErasureStep)
        return steps[steps.index(self) + 1]


@dataclass(frozen=True, kw_only=True)
class Erasing:
    """It goes on with `step`, from `position` on."""

    external_id: str
    person: Person
    reason: str
    wanted_by: str
    begun_at: datetime
    step: ErasureStep = ErasureStep.TAGS
    position: str | None = None
    statements: int = 0
    tokens: int = 0
    lines: int = 0
    sessions: int = 0
    log_entries: int = 0

    def at(self, step: ErasureStep) -> "Erasing":
        """At the beginning of a step."""
        return replace(self, step=step, position=None)

    def in_words(self) -> str:
        """How much was erased."""
        return (
            f"{self.statements} statements and {self.tokens} tokens; the tag on {self.lines} lines and "
            f"{self.sessions} other sessions; {self.log_entries} log entries"
        )


class Erasures(Protocol):
    """Where erasures are kept, and what they change. Everything raises StorageUnavailable, what writes RowConflict."""

    async def find(self, *, home: OperatorHome, external_id: str) -> Stored[Erasing] | None:
        """One that was begun and is not done, in one point read."""
        ...

    async def unfinished(self, *, home: OperatorHome) -> list[str]:
        """Whose erasure was begun and is not done: one small query per partition."""
        ...

    async def begin(self, *, home: OperatorHome, driver: Stored[Driver], erasing: Erasing, entry: LogEntry) -> None:
        """Takes the driver's row away and puts the erasure's there, with the log entry, all at once."""
        ...

    async def write(self, *, home: OperatorHome, before: Stored[Erasing], erasing: Erasing) -> Stored[Erasing]:
        """How far it has come."""
        ...

    async def finish(self, *, home: OperatorHome, before: Stored[Erasing], entry: LogEntry) -> None:
        """Takes the erasure's row away, with the log entry that it is done."""
        ...

    async def free_tag(self, *, home: OperatorHome, tag: str, erasing: Erasing) -> None:
        """Takes away the driver's claim on a tag, and the permissions that it had with it."""
        ...

    async def erase_story(self, *, home: OperatorHome, session_id: str, person: Person) -> bool:
        """Takes the tags out of a session, its lines, deliveries and attempts, as `erased` says. False, and nothing is
        done, if it was first heard of after the erasure began: it is of whoever came after.
        """
        ...

    async def erase_log(self, *, home: OperatorHome, erasing: Erasing) -> Erasing:
        """The next page of the log, and the step after it at the end."""
        ...

    async def erase_results(self, *, home: OperatorHome, erasing: Erasing) -> None:
        """Takes them out of the words of reconciliation."""
        ...
