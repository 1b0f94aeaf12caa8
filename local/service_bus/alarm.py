"""When somebody must look again: the earliest of the things that fall due."""

from collections.abc import Callable

type Clock = Callable[[], float]
"""Seconds since 1970."""
type Wake = Callable[[Callable[[], object], float], None]
"""Asks for a call at a time; the call may come late, and also when it is no longer needed."""


def never_wake(_: Callable[[], object], __: float) -> None:
    """For an owner who advances by himself."""


class Alarm:
    """Rings once for the earliest time set; `ring` is expected to set it again."""

    def __init__(self, *, wake: Wake, ring: Callable[[], object]) -> None:
        self._wake = wake
        self._ring = ring
        self._at: float | None = None

    def set(self, due: float | None) -> None:
        if due is not None and (self._at is None or due < self._at):
            self._at = due
            self._wake(self._rung, due)

    def _rung(self) -> None:
        self._at = None
        self._ring()
