"""Room for attempts: an operator whose other side hangs, or who has a huge backlog, fills its own lanes, not
everybody's; and its backlog never fills the lane of what was just written.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto

ATTEMPTS_AT_ONCE = 16
BACKLOG_ATTEMPTS_A_SECOND = 200
_PATIENCE = timedelta(seconds=25)  # after 30 s the timer looks after what was just written
_MOST_WAITING = 5_000
_HANDLERS_OF_ONE = 8  # host.json has 16


class Lane(Enum):
    """For what was just written, and for what waits: two lanes, so that neither waits for the other."""

    IMMEDIATE = auto()
    BACKLOG = auto()


@dataclass
class _Track:
    free: asyncio.Semaphore
    waiting: int = 0
    next_start: float = field(default=0.0)


class Lanes:
    """How many attempts are under way in this process, for each operator by itself: at most `width` in each lane, and
    of the backlog at most `rate` begin in a second.
    """

    def __init__(
        self,
        *,
        width: int = ATTEMPTS_AT_ONCE,
        rate: float = BACKLOG_ATTEMPTS_A_SECOND,
        patience: timedelta = _PATIENCE,
        most_waiting: int = _MOST_WAITING,
    ) -> None:
        self._width = width
        self._pause = 1 / rate
        self._patience = patience.total_seconds()
        self._most_waiting = most_waiting
        self._tracks: dict[tuple[str, Lane], _Track] = {}

    @asynccontextmanager
    async def room(self, gln: str, lane: Lane) -> AsyncIterator[bool]:
        """Waits for room for one attempt, which is taken until the block is left, and says whether there was any.

        An immediate attempt does not wait for long, nor behind too many: the timer makes it. The backlog waits.
        """
        track = self._tracks.get((gln, lane))
        if track is None:
            track = self._tracks[(gln, lane)] = _Track(free=asyncio.Semaphore(self._width))
        if not await (self._in_time(track) if lane is Lane.IMMEDIATE else self._in_turn(track)):
            yield False
            return
        try:
            yield True
        finally:
            track.free.release()

    async def _in_time(self, track: _Track) -> bool:
        if track.waiting >= self._most_waiting:
            return False
        track.waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                return await track.free.acquire()
        except TimeoutError:
            return False
        finally:
            track.waiting -= 1

    async def _in_turn(self, track: _Track) -> bool:
        now = asyncio.get_running_loop().time()
        start = max(now, track.next_start)
        track.next_start = start + self._pause
        if start > now:
            await asyncio.sleep(start - now)
        return await track.free.acquire()


class QueueHandlers:
    """The few handlers that a process has for the deliveries queue: one operator never has all of them wait for it."""

    def __init__(self, *, most_of_one: int = _HANDLERS_OF_ONE) -> None:
        self._most_of_one = most_of_one
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def held_by(self, gln: str) -> Iterator[bool]:
        """Whether one more may wait for an attempt of this operator, which it then does until the block is left."""
        if self._waiting[gln] >= self._most_of_one:
            yield False
            return
        self._waiting[gln] += 1
        try:
            yield True
        finally:
            self._waiting[gln] -= 1
            if not self._waiting[gln]:
                del self._waiting[gln]
