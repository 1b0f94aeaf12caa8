"""What was read lately need not be read again: bounded, for a time, one read at once per key."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock


@dataclass(frozen=True, kw_only=True)
class _Held[V]:
    value: V
    until: datetime


class TimedCache[K: Hashable, V]:
    """Holds at most `most` values, each for at most `keep_for`, counted from before it was read.

    Callers that ask for the same key meanwhile share one read. A read that fails is not remembered.
    """

    def __init__(self, *, keep_for: timedelta, most: int, clock: Clock) -> None:
        self._keep_for = keep_for
        self._most = most
        self._clock = clock
        self._held: OrderedDict[K, _Held[V]] = OrderedDict()
        self._reads: dict[K, asyncio.Task[V]] = {}

    def __len__(self) -> int:
        return len(self._held)

    async def get(self, key: K, *, read: Callable[[], Awaitable[V]]) -> V:
        """The value held for `key`, else what `read` gives. Raises what `read` raises."""
        held = self._held.get(key)
        if held is not None and self._clock.now() < held.until:
            self._held.move_to_end(key)
            return held.value
        task = self._reads.get(key)
        if task is None:
            task = asyncio.create_task(self._read(key, read))
            self._reads[key] = task
            task.add_done_callback(_seen)
        # One caller who gives up does not take the answer from the others.
        return await asyncio.shield(task)

    def forget(self, of: Callable[[K], bool]) -> None:
        """Drops the keys for which `of` is true. A read that is under way still answers who waits, and is not kept."""
        for key in [key for key in self._held if of(key)]:
            del self._held[key]
        for key in [key for key in self._reads if of(key)]:
            del self._reads[key]

    async def _read(self, key: K, read: Callable[[], Awaitable[V]]) -> V:
        until = self._clock.now() + self._keep_for
        task = asyncio.current_task()
        try:
            value = await read()
            if self._reads.get(key) is task:
                self._held[key] = _Held(value=value, until=until)
                self._held.move_to_end(key)
                while len(self._held) > self._most:
                    self._held.popitem(last=False)
            return value
        finally:
            if self._reads.get(key) is task:
                del self._reads[key]


def _seen(task: asyncio.Task[object]) -> None:
    """Nobody may be left to take the exception; whoever waited has got it."""
    if not task.cancelled():
        task.exception()
