"""A figure that was measured."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`value` in `unit`, from `sample` measurements.

    `floor` is what the same machine took at best for the same work in the same run, in the same unit. `goal`: the value
    should be below it; `ratio_at_least` and `ratio_at_most` say the same of the value divided by its floor.
    """

    name: str
    value: float
    unit: str
    sample: int
    floor: float | None = None
    goal: float | None = None
    ratio_at_least: float | None = None
    ratio_at_most: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value divided by its floor; None without one."""
        return None if self.floor is None else self.value / self.floor

    @property
    def wanted(self) -> str:
        """What it should be, in words; empty if nothing was said."""
        if self.ratio_at_least is not None:
            return f"ratio at least {self.ratio_at_least:g}"
        if self.ratio_at_most is not None:
            return f"ratio at most {self.ratio_at_most:g}"
        return "" if self.goal is None else f"below {self.goal:g}"

    @property
    def is_reached(self) -> bool:
        """Whether it is what it should be; a figure of which nothing was said is."""
        ratio = self.ratio
        return (
            (self.goal is None or self.value < self.goal)
            and (self.ratio_at_least is None or (ratio is not None and ratio >= self.ratio_at_least))
            and (self.ratio_at_most is None or (ratio is not None and ratio <= self.ratio_at_most))
        )

    def as_document(self) -> dict[str, object]:
        """As it stands in the results."""
        found: dict[str, object] = {
            "figure": self.name,
            "value": self.value,
            "unit": self.unit,
            "floor": self.floor,
            "ratio": self.ratio,
            "sample": self.sample,
        }
        return found | ({"wanted": self.wanted, "reached": self.is_reached} if self.wanted else {})


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
