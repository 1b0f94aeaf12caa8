"""Use case: what has passed its time goes, in batches that stop and go on."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol

from shared.all_of import all_of
from shared.clock import Clock
from shared.faults import StorageUnavailable
from shared.identifiers import OperatorHome
from shared.logbook import Direction, Logbook, log_entry
from shared.operators import Operator
from shared.sessions import Session, SessionList, SessionStatus

from .walk import Limits, Positions, Walk, Walked

RUNS_FOR = timedelta(minutes=5)
_OPERATORS_AT_ONCE = 4
_PAGE = 1000
_NEXT = "next"
_log = logging.getLogger(__name__)


class AllOperators(Protocol):
    """Where the list of operators comes from."""

    async def operators(self) -> list[Operator]:
        """All of them."""
        ...


class ListedSessions(Protocol):
    """Sessions by what they are listed by."""

    async def sessions(
        self, *, home: OperatorHome, listed: SessionStatus | SessionList, limit: int, continuation: str | None
    ) -> tuple[list[Session], str | None]:
        """Newest first, and what to continue with."""
        ...


@dataclass(frozen=True, kw_only=True)
class Purge:
    """Purges by age. Configuration, and drivers, are never purged by age.

    `walks` are done in their order in each partition, the next run beginning with the one for which this one had no
    more time, so that none waits for another's backlog for ever. `ownerless` is where the log lies of messages that
    name no operator; for it there are walks of its own.
    """

    operators: AllOperators
    sessions: ListedSessions
    walks: Sequence[Walk]
    ownerless: OperatorHome
    ownerless_walks: Sequence[Walk]
    positions: Positions
    logbook: Logbook
    clock: Clock
    log_retention: timedelta
    line_retention: timedelta
    runs_for: timedelta = RUNS_FOR

    async def run(self) -> int:
        """Purges what can be purged in the time there is, and says how much that was. One operator's trouble never
        stops the others'. Raises StorageUnavailable if not even the operators are to be had.
        """
        now = self.clock.now()
        limits = Limits(now=now, log_before=now - self.log_retention, lines_before=now - self.line_retention)
        room = asyncio.Semaphore(_OPERATORS_AT_ONCE)

        async def purge(home: OperatorHome, walks: Sequence[Walk]) -> int:
            async with room:
                return await self._of_home(home, walks, limits)

        homes = [(operator.home, self.walks) for operator in await self.operators.operators()]
        homes.append((self.ownerless, self.ownerless_walks))
        return sum(await all_of(purge(home, walks) for home, walks in homes))

    async def _of_home(self, home: OperatorHome, walks: Sequence[Walk], limits: Limits) -> int:
        purged: Counter[str] = Counter()
        try:
            if home != self.ownerless:
                limits = await self._with_kept(home, limits)
            await all_of(self._of_partition(home, partition, walks, limits, purged) for partition in home.partitions())
            await self._tell(home, purged)
        except StorageUnavailable as error:
            _log.warning("purging for %s goes on with the next run: %s", home.gln, error, extra={"gln": home.gln})
        except Exception:  # noqa: BLE001  whatever is wrong here, the other operators are not to wait for it
            _log.exception("purging for %s failed", home.gln, extra={"gln": home.gln})
        return purged.total()

    async def _with_kept(self, home: OperatorHome, limits: Limits) -> Limits:
        """Without the sessions whose twin waits for a person, who must be able to compare the two."""
        twins: set[str] = set()
        position = None
        while True:
            found, position = await self.sessions.sessions(
                home=home, listed=SessionList.CONFLICT, limit=_PAGE, continuation=position
            )
            twins |= {each.twin_of for each in found if each.twin_of is not None}
            if position is None:
                break
        return Limits(
            now=limits.now, log_before=limits.log_before, lines_before=limits.lines_before, kept=frozenset(twins)
        )

    async def _of_partition(
        self, home: OperatorHome, partition: str, walks: Sequence[Walk], limits: Limits, purged: Counter[str]
    ) -> None:
        known = await self.positions.positions(partition=partition)
        now_at = dict(known)
        try:
            for walk in _beginning_with(now_at.pop(_NEXT, None), walks):
                page = partial(walk.page, home=home, partition=partition, limits=limits)
                purged_now, is_done = await self._walk(walk, page, limits, now_at)
                purged[walk.name] += purged_now
                if not is_done:
                    now_at[_NEXT] = walk.name
                    break
        finally:
            if now_at != known:
                await self.positions.keep_positions(partition=partition, positions=now_at)

    async def _walk(
        self, walk: Walk, page: Callable[..., Awaitable[Walked]], limits: Limits, now_at: dict[str, str]
    ) -> tuple[int, bool]:
        """How much it purged, and whether it came to its end or as far as it goes in one run: if not, time was over."""
        purged = pages = 0
        while pages != walk.pages_a_run:
            if self.clock.now() >= limits.now + self.runs_for:
                return purged, False
            walked = await page(position=now_at.get(walk.name))
            now_at.pop(walk.name, None)
            if walked.position is not None:
                now_at[walk.name] = walked.position
            purged, pages = purged + walked.purged, pages + 1
            if walked.is_over:
                break
        return purged, True

    async def _tell(self, home: OperatorHome, purged: Counter[str]) -> None:
        what = ", ".join(f"{count} {name}" for name, count in purged.items() if count)
        if not what:
            return
        entry = log_entry(
            at=self.clock.now(),
            direction=Direction.IN,
            endpoint="retention",
            action="purged",
            message=f"their time has passed, they are gone: {what}",
        )
        await self.logbook.write(home=home, entry=entry)


def _beginning_with(name: str | None, walks: Sequence[Walk]) -> list[Walk]:
    first = next((number for number, walk in enumerate(walks) if walk.name == name), 0)
    return [*walks[first:], *walks[:first]]
