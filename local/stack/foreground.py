"""A program in the foreground: what ends it, and with which exit code.

Asked to stop is Ctrl-C, SIGTERM, a closed terminal, or the death of whoever started the program.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from local.stack.faults import PortsUnusable, StackFault

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_FOR_PARENT_SECONDS = 0.5


class StopAsked(BaseException):
    """Somebody wants the program to end. Not an Exception: nothing on the way may take it for a fault of its own."""


def in_foreground(work: Callable[[], None], *, say: Callable[[str], None]) -> int:
    """Does the work, for ever or until asked to stop, and returns the exit code.

    0: the work is done, or somebody asked to stop. 1: a service failed. 2: a port cannot be had. What went wrong is
    printed to standard error.
    """
    try:
        raise_when_asked_to_stop()
        work()
    except StopAsked:
        say("stopped")
    except StackFault as fault:
        print(fault, file=sys.stderr)
        return 2 if isinstance(fault, PortsUnusable) else 1
    return 0


def raise_when_asked_to_stop() -> None:
    """From now on the first request to stop raises StopAsked in the main thread; later ones are ignored.

    Stopping takes seconds at most, and `make` and `timeout` pass on a signal that reaches the whole group anyway.
    """
    asked = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            raise StopAsked

    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    threading.Thread(target=_follow, args=(os.getppid(),), name="parent", daemon=True).start()


def _follow(parent: int) -> None:
    """Ends this process as SIGTERM would once its parent is gone; no system but Linux tells us by itself."""
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(LOOK_FOR_PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
