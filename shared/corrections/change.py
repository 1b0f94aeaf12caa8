"""What a person wants to be different on a line."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Change:
    """What changes, why, and who says so; None stays as the line in force has it.

    Without anything that changes the line is priced anew: with readings that came late, a version of its tariff put for
    its time, or the revenue share's id that was missing.
    """

    reason: str
    by: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    consumption_kwh: Decimal | None = None
    tariff_id: str | None = None

    @property
    def changes_figures(self) -> bool:
        """Whether it says anything of what was measured."""
        return (self.started_at, self.ended_at, self.consumption_kwh) != (None, None, None)
