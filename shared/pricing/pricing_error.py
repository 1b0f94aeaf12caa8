"""Why a session cannot be priced. Whoever catches PricingError holds it: it has no price, not a price of zero."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tariff import Dimension


class PricingError(Exception):
    """What was measured cannot be priced; each kind has its facts as attributes."""


class EndsBeforeItStarts(PricingError):
    """The session's end lies before its start."""

    def __init__(self, *, start: datetime, end: datetime) -> None:
        super().__init__(f"the session ends at {_utc(end)}, before it starts at {_utc(start)}")
        self.start = start
        self.end = end


class VolumeOutOfRange(PricingError):
    """A volume below zero, not finite, or beyond what can be calculated with exactly. `period` counts from 0."""

    def __init__(self, *, dimension: "Dimension", volume: Decimal, period: int) -> None:
        super().__init__(f"the {dimension} of period {period + 1} is {volume}, which no session can have")
        self.dimension = dimension
        self.volume = volume
        self.period = period


class EnergyOffGrid(PricingError):
    """An energy of a session is finer than 0.001 Wh, or no number."""

    def __init__(self, *, energy_wh: Decimal) -> None:
        super().__init__(f"an energy of {energy_wh} Wh is finer than 0.001 Wh, or none at all")
        self.energy_wh = energy_wh


class NoPeriods(PricingError):
    """There is not a single charging period, so nothing is known of what was used."""

    def __init__(self) -> None:
        super().__init__("there are no charging periods")


class PeriodOutOfPlace(PricingError):
    """A period starts outside the session or before the one in front of it. `period` counts from 0."""

    def __init__(self, *, period: int, start: datetime) -> None:
        super().__init__(f"period {period + 1} starts at {_utc(start)}, outside the session or out of order")
        self.period = period
        self.start = start


class MissingVolume(PricingError):
    """The tariff has a price for `dimension`, and how much of it was used is not stated.

    `period` is the one that lacks it, counted from 0; None when all do.
    """

    def __init__(self, *, dimension: "Dimension", period: int | None) -> None:
        where = "no period states" if period is None else f"period {period + 1} does not state"
        super().__init__(f"the tariff has a price for {dimension}, but {where} how much there was")
        self.dimension = dimension
        self.period = period


class TariffNotInForce(PricingError):
    """The session starts outside the time for which the tariff is valid; None is an open end."""

    def __init__(self, *, tariff_id: str, at: datetime, starts: datetime | None, ends: datetime | None) -> None:
        since = f" from {_utc(starts)}" if starts else ""
        until = f" until {_utc(ends)}" if ends else ""
        super().__init__(f"tariff {tariff_id} is valid{since}{until}, and the session starts at {_utc(at)}")
        self.tariff_id = tariff_id
        self.at = at
        self.starts = starts
        self.ends = ends


class PowerUnknown(PricingError):
    """An element is restricted by power, and nothing says what the power was. `period` counts from 0."""

    def __init__(self, *, element: int, period: int) -> None:
        super().__init__(
            f"elements[{element}] of the tariff depends on the power, and nothing tells that of period {period + 1}"
        )
        self.element = element
        self.period = period


class CurrentUnknown(PricingError):
    """An element is restricted by current, and nothing says what the current was. `period` counts from 0."""

    def __init__(self, *, element: int, period: int) -> None:
        super().__init__(
            f"elements[{element}] of the tariff depends on the current, and nothing tells that of period {period + 1}"
        )
        self.element = element
        self.period = period


class MissingSpotPrice(PricingError):
    """The spot price of a quarter is needed and not known. `quarter` is its start, in UTC; `day` the market's day that
    has it.
    """

    def __init__(self, *, bidding_zone: str, quarter: datetime, day: date) -> None:
        super().__init__(
            f"there is no spot price of {bidding_zone} for the quarter hour from {_utc(quarter)}, "
            f"which belongs to the market's day {day.isoformat()}"
        )
        self.bidding_zone = bidding_zone
        self.quarter = quarter
        self.day = day


class SpotPriceInOtherCurrency(PricingError):
    """Spot prices are known, but not in the tariff's currency."""

    def __init__(self, *, bidding_zone: str, quarter: datetime, currency: str, wanted: str) -> None:
        super().__init__(
            f"the spot price of {bidding_zone} for the quarter hour from {_utc(quarter)} is in {currency}, "
            f"not in {wanted}"
        )
        self.bidding_zone = bidding_zone
        self.quarter = quarter
        self.currency = currency
        self.wanted = wanted


class UnknownTimezone(PricingError):
    """There is no such time zone."""

    def __init__(self, *, timezone: str) -> None:
        super().__init__(f"there is no time zone {timezone}")
        self.timezone = timezone


class SessionTooLong(PricingError):
    """More days than a tariff whose prices change with time is applied to: a charger that lost its clock."""

    def __init__(self, *, start: datetime, end: datetime, most_days: int) -> None:
        super().__init__(
            f"the session lasts from {_utc(start)} to {_utc(end)}, more than {most_days} days, "
            "and the tariff's prices change with time"
        )
        self.start = start
        self.end = end
        self.most_days = most_days


class TooMuchToPrice(PricingError):
    """More periods times restricted elements than are looked at: a charger that lost its clock."""

    def __init__(self, *, periods: int, elements: int) -> None:
        super().__init__(f"the session has {periods} periods for {elements} restricted elements, too many to price")
        self.periods = periods
        self.elements = elements


class OutsideCalendar(PricingError):
    """An instant that no session can have."""

    def __init__(self, *, at: datetime) -> None:
        super().__init__(f"{at.isoformat()} lies outside the years 2000 to 2999")
        self.at = at


class ReportTooLong(PricingError):
    """The price came about in more steps than can be kept with a line: a charger that lost its clock."""

    def __init__(self, *, periods: int) -> None:
        super().__init__(f"its price has {periods} periods, more than the report on a line can hold")
        self.periods = periods


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
