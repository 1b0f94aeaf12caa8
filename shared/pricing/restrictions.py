"""When an element of a tariff applies: OCPI's restrictions, and-ed."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum


class DayOfWeek(StrEnum):
    """A local day of the week, in the order of `datetime.weekday`."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


class Reservation(StrEnum):
    """An element with one of these prices reservations, never a session."""

    RESERVATION = "RESERVATION"
    RESERVATION_EXPIRES = "RESERVATION_EXPIRES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrictions:
    """What must hold. Starts and minima are inclusive, ends and maxima exclusive; None and () restrict nothing.

    Times and dates are local at the site; an `end_time` of 00:00 is the end of the day, one that is not after
    `start_time` lies on the next day. kWh and durations (seconds) count from the session's start; power (kW) and
    current (A, all phases together) are momentary.
    """

    start_time: time | None = None
    end_time: time | None = None
    start_date: date | None = None
    end_date: date | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: int | None = None
    max_duration: int | None = None
    day_of_week: tuple[DayOfWeek, ...] = ()
    reservation: Reservation | None = None


UNRESTRICTED = Restrictions()
