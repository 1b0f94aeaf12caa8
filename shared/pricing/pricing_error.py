"""Why a session cannot be priced. Whoever catches PricingError holds it: it has no price, not a price of zero."""

from datetime import datetime
from decimal import Decimal

from .tariff import Dimension


class PricingError(Exception):
    """What was measured cannot be priced; each kind has its facts as attributes."""


class EndsBeforeItStarts(PricingError):
    """The session's end lies before its start."""

    def __init__(self, *, start: datetime, end: datetime) -> None:
        super().__init__(f"the session ends at {end.isoformat()}, before it starts at {start.isoformat()}")
        self.start = start
        self.end = end


class VolumeOutOfRange(PricingError):
    """A volume below zero, not finite, or beyond what can be calculated with exactly. `period` counts from 0."""

    def __init__(self, *, dimension: Dimension, volume: Decimal, period: int) -> None:
        super().__init__(f"the {dimension} of period {period + 1} is {volume}, which no session can have")
        self.dimension = dimension
        self.volume = volume
        self.period = period


class EnergyOffGrid(PricingError):
    """The energy of a session is finer than 0.001 Wh."""

    def __init__(self, *, energy_wh: Decimal) -> None:
        super().__init__(f"the session's energy of {energy_wh} Wh is finer than 0.001 Wh")
        self.energy_wh = energy_wh


class NoPeriods(PricingError):
    """There is not a single charging period, so nothing is known of what was used."""

    def __init__(self) -> None:
        super().__init__("there are no charging periods")


class PeriodOutOfPlace(PricingError):
    """A period starts outside the session or before the one in front of it. `period` counts from 0."""

    def __init__(self, *, period: int, start: datetime) -> None:
        super().__init__(f"period {period + 1} starts at {start.isoformat()}, outside the session or out of order")
        self.period = period
        self.start = start


class MissingVolume(PricingError):
    """The tariff has a price for `dimension`, and how much of it was used is not stated.

    `period` is the one that lacks it, counted from 0; None when all do.
    """

    def __init__(self, *, dimension: Dimension, period: int | None) -> None:
        where = "no period states" if period is None else f"period {period + 1} does not state"
        super().__init__(f"the tariff has a price for {dimension}, but {where} how much there was")
        self.dimension = dimension
        self.period = period
