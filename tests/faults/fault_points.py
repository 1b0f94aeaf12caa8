"""Every storage operation and every network call is a point at which things go wrong: before it happens or after."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum


class Crash(BaseException):
    """The process is gone. Not an Exception: nothing may go on as if it had only failed."""


class Fault(Enum):
    """What goes wrong at a point. `away`: the other side does not answer. `crash`: this process dies."""

    AWAY_BEFORE = "away before"
    AWAY_AFTER = "away after"
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"


@dataclass
class FaultPoints:
    """Counts the points that a process passes, and makes what is armed happen at one of them."""

    passed: list[str] = field(default_factory=list)
    armed: tuple[int, Fault] | None = None
    happened: list[str] = field(default_factory=list)
    is_dead: bool = False
    is_only_looking: bool = False
    """The test itself looks at what is stored: no point of the process."""

    def arm(self, fault: Fault, *, after: int = 0) -> None:
        """From now on so many points pass; at the next one it happens."""
        self.armed = (len(self.passed) + after, fault)

    async def at[T](self, name: str, does: Callable[[], Awaitable[T]], *, away: Callable[[bool], Exception]) -> T:
        """Does it, unless something else is to happen. `away` makes the error, told whether it was done."""
        if self.is_only_looking:
            return await does()
        if self.is_dead:
            raise Crash(name)
        self.passed.append(name)
        if self.armed is None or self.armed[0] != len(self.passed) - 1:
            return await does()
        fault, self.armed = self.armed[1], None
        self.happened.append(f"{fault.value}: {name}")
        if fault in {Fault.AWAY_AFTER, Fault.CRASH_AFTER}:
            await does()
        if fault in {Fault.CRASH_BEFORE, Fault.CRASH_AFTER}:
            self.is_dead = True
            raise Crash(name)
        raise away(fault is Fault.AWAY_AFTER)

    @contextmanager
    def only_looking(self) -> Iterator[None]:
        """What is read meanwhile counts for nothing, and nothing happens to it."""
        self.is_only_looking = True
        try:
            yield
        finally:
            self.is_only_looking = False

    def reborn(self) -> None:
        """Another process takes over."""
        self.is_dead = False
