"""What is priced: a session as it was measured, or the charging periods that a CDR states."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The energy register at an instant: cumulative Wh, on a grid of 0.001 Wh. ValueError without an offset."""

    at: datetime
    energy_wh: Decimal

    def __post_init__(self) -> None:
        refuse_naive(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """One session: `energy_wh` charged between `start` and `end`, on a grid of 0.001 Wh, at a site in `timezone`.

    `readings` say how the energy is spread over the session. Times without an offset raise ValueError; what is
    implausible otherwise is found when it is priced.
    """

    start: datetime
    end: datetime
    energy_wh: Decimal
    readings: tuple[Reading, ...]
    timezone: str

    def __post_init__(self) -> None:
        refuse_naive(self.start)
        refuse_naive(self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One charging period of a CDR; it lasts until the next one starts, or until the session ends.

    A volume is None where the CDR does not state it. Energy in Wh, times in seconds; both need not lie on a grid.
    """

    start: datetime
    energy_wh: Decimal | None = None
    charging_seconds: Decimal | None = None
    parking_seconds: Decimal | None = None

    def __post_init__(self) -> None:
        refuse_naive(self.start)


def refuse_naive(instant: datetime) -> None:
    """Raises ValueError for a datetime that does not say which instant it is."""
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no offset from UTC")
