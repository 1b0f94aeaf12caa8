"""A figure that was measured."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`value` in `unit`, from `sample` measurements; with a `goal` it should be below that."""

    name: str
    value: float
    unit: str
    sample: int
    goal: float | None = None

    def as_document(self) -> dict[str, object]:
        """As it stands in the results."""
        found: dict[str, object] = {"figure": self.name, "value": self.value, "unit": self.unit, "sample": self.sample}
        return found if self.goal is None else found | {"goal": self.goal}


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
