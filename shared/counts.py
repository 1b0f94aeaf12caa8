"""Counts what happens, per process: what is worth no row of its own is at least a number."""

from collections import Counter
from collections.abc import Callable, Mapping


class Counts:
    """Named counts since the process started."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def of(self, what: str) -> Callable[[str], None]:
        """Something that counts one more `what.<outcome>` each time it is called."""

        def count(outcome: str) -> None:
            self._counts[f"{what}.{outcome}"] += 1

        return count

    def as_mapping(self) -> Mapping[str, int]:
        """All counts by name."""
        return dict(sorted(self._counts.items()))
