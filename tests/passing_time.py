"""Time that passes for the running loop and not for the test."""

import asyncio
from collections.abc import Callable


class _Ahead:
    """A clock that is ahead of another one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.clock() + self.seconds


def let_pass(seconds: float) -> None:
    """From now on the running loop is so much later: what waits for a time that is over goes on at its next turn.

    What other processes and threads wait for takes as long as ever.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop.time, _Ahead):
        loop.time = _Ahead(loop.time)  # type: ignore[method-assign]
    loop.time.seconds += seconds


async def turns(count: int = 20) -> None:
    """Lets all others run as far as they get in so many turns without waiting for anything."""
    for _ in range(count):
        await asyncio.sleep(0)
