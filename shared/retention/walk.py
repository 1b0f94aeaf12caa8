"""How old things are found: by walks over an operator's partitions, a page at a time, that can be cut off anywhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.identifiers import OperatorHome


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What goes: log entries and attempts from before `log_before`, sessions and what followed from before
    `lines_before`, but no session that is in `kept`.
    """

    now: datetime
    log_before: datetime
    lines_before: datetime
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Walked:
    """How many things went with a page, and where to go on, now or with the next run. `is_over`: there is no more."""

    purged: int
    position: str | None
    is_over: bool


class Walk(Protocol):
    """Goes through one kind of rows and purges those whose time has passed. Raises StorageUnavailable.

    A walk that is cut off between two transactions leaves nothing that points at what is gone.
    """

    @property
    def name(self) -> str:
        """What goes, in words, and what the position is kept by."""
        ...

    @property
    def pages_a_run(self) -> int | None:
        """How far it goes in one run; None: to the end, as long as there is time."""
        ...

    async def page(self, *, home: OperatorHome, partition: str, limits: Limits, position: str | None) -> Walked:
        """One page from `position` on, or from the beginning."""
        ...


class Positions(Protocol):
    """How far walks have come. Everything raises StorageUnavailable."""

    async def positions(self, *, partition: str) -> dict[str, str]:
        """By the walks' names; one point read."""
        ...

    async def keep_positions(self, *, partition: str, positions: dict[str, str]) -> None:
        """One write, over whatever was there."""
        ...
