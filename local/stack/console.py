"""The output of several programs on one terminal, each line behind the name of the program that printed it."""

import os
import sys
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import TextIO

COLOURS = (36, 33, 35, 32, 34, 31)  # ANSI foreground: cyan, yellow, magenta, green, blue, red


def wants_colour(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a person with a colour terminal reads the stream and has not asked for plain text (NO_COLOR)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


class Console:
    """Writes whole lines, from any thread. Names are aligned, and each has its colour."""

    def __init__(self, names: Collection[str], *, stream: TextIO = sys.stdout, colour: bool) -> None:
        width = max(map(len, names), default=0)
        self._prefixes = {name: prefix(name, width=width, number=at, colour=colour) for at, name in enumerate(names)}
        self._stream = stream
        self._one_at_a_time = threading.Lock()

    def write(self, name: str, line: str) -> None:
        """One line of a program; of one whose name was not announced, as it is.

        A reader who has gone away is no reason to stop serving: what nobody reads is dropped.
        """
        with self._one_at_a_time, suppress(OSError):
            self._stream.write(f"{self._prefixes.get(name, '')}{line}\n")
            self._stream.flush()


def prefix(name: str, *, width: int, number: int, colour: bool) -> str:
    """What stands before each line of a program."""
    text = f"{name:<{width}} | "
    return f"\x1b[{COLOURS[number % len(COLOURS)]}m{text}\x1b[0m" if colour else text
