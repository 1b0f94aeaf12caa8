"""Several things awaited at once, so that none is left behind running when another goes wrong."""

import asyncio
from collections.abc import Awaitable, Iterable


async def all_of[T](work: Iterable[Awaitable[T]]) -> list[T]:
    """What each comes to, in their order. What goes wrong is raised once all have ended; of several the first."""
    ended = await asyncio.gather(*work, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
    return [each for each in ended if not isinstance(each, BaseException)]
