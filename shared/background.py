"""Work that nobody waits for: started now, never lost silently, finished before the process closes."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger(__name__)


class Background:
    """Runs coroutines beside the request that started them. What fails is logged; whoever needs certainty awaits."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Starts `work` on the running loop."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def at_most(self, work: Coroutine[Any, Any, Any], *, seconds: float, name: str) -> None:
        """Waits for `work`, but not for longer than that: then it goes on by itself.

        Raises what `work` raises, as long as it is waited for.
        """
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if done:
            task.result()
        else:
            task.add_done_callback(self._done)

    async def settle(self) -> None:
        """Waits until all that was started has ended."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            # Where all are over already, gathering lets nobody else run, not even what takes them out.
            await asyncio.sleep(0)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.warning("%s failed in the background", task.get_name(), exc_info=task.exception())
