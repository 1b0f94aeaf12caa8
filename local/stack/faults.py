"""What can go wrong while the stack is started or runs; each says what to do about it."""

from collections.abc import Sequence


class StackFault(Exception):
    """The stack cannot start, or cannot go on. The text is meant for the person at the terminal."""


class PortsUnusable(StackFault):
    """One or more ports are taken, malformed or given twice; nothing was started."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class ServiceEnded(StackFault):
    """A service ended though nobody asked it to. `code` is as a shell counts: 128 and the number for a signal."""

    def __init__(self, *, name: str, code: int, last_lines: Sequence[str]) -> None:
        how = f"was killed by signal {code - 128}" if code > 128 else f"ended with exit code {code}"
        super().__init__(f"{name} {how}{quoted(last_lines)}")
        self.name = name
        self.code = code
        self.last_lines = tuple(last_lines)


class ServiceSilent(StackFault):
    """A service was started, is still there, and did not answer in time."""

    def __init__(self, *, name: str, seconds: float, missing: str, last_lines: Sequence[str]) -> None:
        super().__init__(f"{name} did not answer within {seconds:.0f} s ({missing}){quoted(last_lines)}")
        self.name = name


def quoted(lines: Sequence[str]) -> str:
    """A program's last lines, as the end of a sentence about it."""
    if not lines:
        return "; it printed nothing"
    return "; its last lines:\n" + "\n".join(f"    {line}" for line in lines)
