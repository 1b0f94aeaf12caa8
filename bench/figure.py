"""A figure that was measured."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`value` in `unit`, from `sample` measurements."""

    name: str
    value: float
    unit: str
    sample: int

    def as_document(self) -> dict[str, object]:
        """As it stands in the results."""
        return {"figure": self.name, "value": self.value, "unit": self.unit, "sample": self.sample}


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
