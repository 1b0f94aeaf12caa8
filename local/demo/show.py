"""How the demo tells its story on a terminal."""

import os
import time
from collections.abc import Iterable

_BOLD, _DIM, _GREEN, _OFF = "\033[1m", "\033[2m", "\033[32m", "\033[0m"


def _painted(text: str, code: str) -> str:
    return f"{code}{text}{_OFF}" if os.environ.get("FORCE_COLOR") and not os.environ.get("NO_COLOR") else text


def heading(text: str) -> None:
    """A new part of the story."""
    print(f"\n{_painted(text, _BOLD)}", flush=True)


def step(what: str, result: str, *, seconds: float | None = None) -> None:
    """Something that happened, and how long it took."""
    took = "" if seconds is None else _painted(f"  ({seconds * 1000:.0f} ms)", _DIM)
    print(f"  {_painted('✓', _GREEN)} {what:<22} {result}{took}", flush=True)


def detail(lines: Iterable[str]) -> None:
    """What stands below a step."""
    for line in lines:
        print(f"      {line}", flush=True)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._started


class Deadline:
    """Asked again and again while one waits."""

    def __init__(self, *, seconds: float, waiting_for: str) -> None:
        self._until = time.monotonic() + seconds
        self._waiting_for = waiting_for

    def check(self) -> None:
        """Raises TimeoutError once the time is over; else pauses for a moment."""
        if time.monotonic() > self._until:
            raise TimeoutError(f"waited in vain for {self._waiting_for}; see the lines of the services above")
        time.sleep(0.02)
