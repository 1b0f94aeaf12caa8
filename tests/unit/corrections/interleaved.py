"""Two who do something at the same time, in every order of their steps that there is."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Any

from shared.storage.memory_rows import MemoryRows
from tests.passing_time import let_pass, turns

_ACTOR: ContextVar[str | None] = ContextVar("actor", default=None)
_LONGEST = 60


class Turns:
    """Lets one actor at a time go on to its next step. `choices` is whose turn it was, where there was a choice."""

    def __init__(self, plan: tuple[str, ...]) -> None:
        self._plan = list(plan)
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self.choices: list[tuple[str, tuple[str, ...]]] = []

    async def step(self) -> None:
        """Called before each step of an actor: waits for its turn. Whoever is no actor goes on."""
        actor = _ACTOR.get()
        if actor is None:
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[actor] = turn
        await turn

    async def play(self, actors: dict[str, Callable[[], Awaitable[Any]]]) -> dict[str, Any]:
        """What came of each, or what it raised."""

        async def acting(name: str) -> Any:
            _ACTOR.set(name)
            return await actors[name]()

        tasks = {name: asyncio.create_task(acting(name)) for name in actors}
        for _ in range(_LONGEST):
            while not all(task.done() or name in self._waiting for name, task in tasks.items()):
                await turns()
                let_pass(0.01)  # for those who wait a moment before they try again
            if not self._waiting:
                break
            self._waiting.pop(self._next()).set_result(None)
        else:
            raise AssertionError("they never come to an end")
        found = await asyncio.gather(*tasks.values(), return_exceptions=True)
        return dict(zip(tasks, found, strict=True))

    def _next(self) -> str:
        able = tuple(sorted(self._waiting))
        if len(able) == 1:
            return able[0]
        chosen = self._plan.pop(0) if self._plan else able[0]
        self.choices.append((chosen, able))
        return chosen


class SteppedRows(MemoryRows):
    """Rows each operation of which is a step, if it is about `subject`: all others come to the same in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.subject = ""
        self.turns: Turns | None = None

    async def read(self, **what: Any) -> Any:
        """See `Rows.read`."""
        await self._step()
        return await super().read(**what)

    async def query(self, **what: Any) -> Any:
        """See `Rows.query`."""
        if self.subject in what["first"].split("|"):
            await self._step()
        return await super().query(**what)

    async def commit(self, **what: Any) -> Any:
        """See `Rows.commit`."""
        await self._step()
        return await super().commit(**what)

    async def _step(self) -> None:
        if self.turns is not None:
            await self.turns.step()


def next_plan(choices: list[tuple[str, tuple[str, ...]]]) -> tuple[str, ...] | None:
    """The plan of the next order after the one with these choices; None after the last."""
    for place in range(len(choices) - 1, -1, -1):
        chosen, able = choices[place]
        if chosen != able[-1]:
            following = able[able.index(chosen) + 1]
            return (*(each for each, _ in choices[:place]), following)
    return None


def orders(limit: int) -> Iterator[Turns]:
    """All of them, one after the other; each is to be played before the next one is asked for."""
    plan: tuple[str, ...] | None = ()
    for _ in range(limit):
        if plan is None:
            return
        order = Turns(plan)
        yield order
        plan = next_plan(order.choices)
    raise AssertionError(f"there are more than {limit} orders")
