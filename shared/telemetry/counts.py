"""Counts what happens: per process, for whoever asks this instance, and as a metric over all of them."""

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from .instruments import COUNTED
from .telemetry import record


class Count(Protocol):
    """Counts one more."""

    def __call__(self, outcome: str, *, gln: str | None = None, mode: str | None = None) -> None:
        """One more of this outcome; `gln` and `mode` are told with it where they are known."""
        ...


class Counts:
    """Named counts since the process started; each is told as a metric too."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def of(self, what: str) -> Count:
        """Something that counts one more `what.<outcome>` each time it is called. `what` is one of `COUNTED`."""
        instrument = COUNTED[what]
        outcome_is = instrument.attributes[0]

        def count(outcome: str, *, gln: str | None = None, mode: str | None = None) -> None:
            self._counts[f"{what}.{outcome}"] += 1
            told = {outcome_is: str(outcome), "gln": gln, "mode": mode}
            record(instrument, 1, **{name: value for name, value in told.items() if value is not None})

        return count

    def as_mapping(self) -> Mapping[str, int]:
        """All counts by name."""
        return dict(sorted(self._counts.items()))
