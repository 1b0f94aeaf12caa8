"""What is priced: a session as it was measured, or the charging periods that a CDR states."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The meter at an instant: its energy register, cumulative Wh, and the current in A over all phases if it was
    measured too. ValueError without an offset.
    """

    at: datetime
    energy_wh: Decimal
    current_a: Decimal | None = None

    def __post_init__(self) -> None:
        refuse_naive(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """One session: `energy_wh` charged between `start` and `end`, on a grid of 0.001 Wh, at a site in `timezone`.

    `readings` say how the energy is spread over the session, in the order in which they came; they count from
    `register_at_start_wh`, and without it are of no use. Times without an offset raise ValueError; what is implausible
    otherwise is found when it is priced.
    """

    start: datetime
    end: datetime
    energy_wh: Decimal
    readings: tuple[Reading, ...] = ()
    register_at_start_wh: Decimal | None = None
    timezone: str

    def __post_init__(self) -> None:
        refuse_naive(self.start)
        refuse_naive(self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The lowest and the highest of a momentary value within a period; None where nothing tells that side."""

    low: Decimal | None = None
    high: Decimal | None = None


UNKNOWN: Final = Span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One charging period of a CDR; it lasts until the next one starts, or until the session ends.

    A volume is None where the CDR does not state it. Energy in Wh, times in seconds; both need not lie on a grid.
    Power in W, current in A.
    """

    start: datetime
    energy_wh: Decimal | None = None
    charging_seconds: Decimal | None = None
    parking_seconds: Decimal | None = None
    power_w: Span = UNKNOWN
    current_a: Span = UNKNOWN

    def __post_init__(self) -> None:
        refuse_naive(self.start)


def refuse_naive(instant: datetime) -> None:
    """Raises ValueError for a datetime that does not say which instant it is."""
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no offset from UTC")
