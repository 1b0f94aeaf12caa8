"""What was noticed and told already: a row for each operator and kind, written together with the notice."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from shared.faults import Stored
from shared.operators import NoticeKind, Page

from .concerns import Concern
from .document import Notice

AT_MOST_EVERY = timedelta(hours=1)
# What has happened and is over by itself; all else is told only as long as it lasts.
_HAPPENED = frozenset({NoticeKind.OPERATOR_RELEASED, NoticeKind.RECONCILIATION_DIFFERENCE})
_MOST_HAPPENED = 500
_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class Noticed:
    """`told` are digests of what was told and still lasts; `untold` is what happened since and was not told yet."""

    kind: NoticeKind
    told: tuple[str, ...] = ()
    untold: tuple[Concern, ...] = ()
    last_notice_at: datetime | None = None

    def seen(self, concerns: Sequence[Concern]) -> "Noticed":
        """After a look that found all these: what is gone is forgotten, so that it is told if it comes again."""
        if self.kind not in _HAPPENED:
            present = {_digest(each) for each in concerns}
            return replace(self, told=tuple(each for each in self.told if each in present))
        known = {*self.told, *map(_digest, self.untold)}
        fresh = (each for each in concerns if _digest(each) not in known)
        return replace(self, untold=(*self.untold, *fresh)[-_MOST_HAPPENED:])

    def to_tell(self, concerns: Sequence[Concern], *, at: datetime) -> tuple[Concern, ...]:
        """What a notice should have now, after `seen`; nothing within an hour of the last one."""
        if self.last_notice_at is not None and at - self.last_notice_at < AT_MOST_EVERY:
            return ()
        if self.kind in _HAPPENED:
            return self.untold
        told = set(self.told)
        return tuple(each for each in concerns if _digest(each) not in told)

    def after(self, told: Sequence[Concern], *, at: datetime) -> "Noticed":
        """After a notice that has all these."""
        digests = (*self.told, *map(_digest, told))
        kept = digests[-_MOST_HAPPENED:] if self.kind in _HAPPENED else digests
        return replace(self, told=kept, untold=(), last_notice_at=at)


@dataclass(frozen=True, kw_only=True)
class Silenced:
    """An address answered that it wants nothing more (410)."""

    url: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Kept:
    """All that a run needs to know of an operator."""

    noticed: dict[NoticeKind, Stored[Noticed]] = field(default_factory=dict)
    waiting: tuple[Stored[Notice], ...] = ()
    silenced: Silenced | None = None


class NoticeStore(Protocol):
    """Where notices are kept. Everything raises StorageUnavailable, what writes RowConflict."""

    async def kept(self, *, gln: str) -> Kept:
        """What was noticed, what waits to be sent (the oldest first), whether it is silenced; in one query."""
        ...

    async def notice(
        self, *, gln: str, noticed: Noticed, version: str | None, notice: Notice | None
    ) -> Stored[Notice] | None:
        """Writes over what was noticed of this kind that has `version` (None: there must be nothing), and the new
        notice with it, if there is one.
        """
        ...

    async def attempted(self, *, before: Stored[Notice], after: Notice, silenced: Silenced | None = None) -> None:
        """What became of an attempt, if the notice is still as `before`."""
        ...

    async def tried(self, *, notice: Notice, silenced: Silenced | None) -> None:
        """Keeps a test and what became of it. `silenced` is what holds from now on."""
        ...

    async def listed(self, *, gln: str, limit: int, continuation: str | None) -> Page[Notice]:
        """Notices, newest first. Raises ContinuationUnreadable."""
        ...


def _digest(concern: Concern) -> str:
    return hashlib.sha256(concern.concern_id.encode()).hexdigest()[:_DIGITS]
