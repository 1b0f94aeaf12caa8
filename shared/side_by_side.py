"""Many things done, some at a time."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable


async def side_by_side[T](
    pages: AsyncIterable[list[T]], do: Callable[[T], Awaitable[object]], *, at_once: int, most: int | None = None
) -> int:
    """Does each thing of each page, `at_once` of them at a time, at least `most` if there are so many and then no
    further page, and says how many.

    The next page is taken while the last one is still being done. What goes wrong with the pages is raised when all
    that was begun has ended; `do` is not to raise.
    """
    room, done, fault = asyncio.Semaphore(at_once), 0, None
    async with asyncio.TaskGroup() as group:
        try:
            async for page in pages:
                for thing in page:
                    await room.acquire()
                    task: asyncio.Task[object] = group.create_task(_awaited(do, thing))
                    task.add_done_callback(lambda _: room.release())
                done += len(page)
                if most is not None and done >= most:
                    break
        except Exception as error:  # noqa: BLE001  raised below: a group would wrap it
            fault = error
    if fault is not None:
        raise fault
    return done


async def _awaited[T](do: Callable[[T], Awaitable[object]], thing: T) -> object:
    return await do(thing)
