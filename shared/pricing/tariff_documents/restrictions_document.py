"""Restrictions as JSON, in OCPI's or the platform's spelling."""

import re
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo

from ..exact import printed
from ..restrictions import DayOfWeek, Reservation, Restrictions
from .document_part import Part, refuse
from .number_fields import Amount, number
from .text_fields import member


def _local_time(value: object) -> time:
    if not isinstance(value, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        refuse("must be a local time as HH:MM, from 00:00 to 23:59; as an end 00:00 is the end of the day")
    return time.fromisoformat(value)


def _local_date(value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        refuse("must be a local date as YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        refuse("is a date that does not exist: write one as YYYY-MM-DD")


def _kilowatt_hours(value: object) -> Decimal:
    """Wh lie on a grid of 0.001."""
    return number(value, decimals=6)


def _seconds(value: object) -> int:
    return int(number(value, decimals=0))


def _each_once(days: list[DayOfWeek]) -> list[DayOfWeek]:
    if twice := [day for day in DayOfWeek if days.count(day) > 1]:
        refuse(f"has {' and '.join(twice)} more than once: write each day once")
    return days


def _above(minimum: str) -> AfterValidator:
    """Minima are inclusive and maxima exclusive, so of two that are equal nothing lies between."""

    def check(value: Any, info: ValidationInfo) -> Any:
        least = info.data.get(minimum)
        if value is not None and least is not None and value <= least:
            refuse(f"must be above {minimum}, which is {printed(Decimal(least))}")
        return value

    return AfterValidator(check)


def _after_start_date(value: date | None, info: ValidationInfo) -> date | None:
    start = info.data.get("start_date")
    if value is not None and start is not None and value <= start:
        refuse(f"must be after start_date, which is {start}: it is the day after the last one")
    return value


LocalTime = Annotated[time, PlainValidator(_local_time)]
LocalDate = Annotated[date, PlainValidator(_local_date)]
KilowattHours = Annotated[Decimal, PlainValidator(_kilowatt_hours)]
Seconds = Annotated[int, PlainValidator(_seconds)]
Day = Annotated[DayOfWeek, PlainValidator(member(DayOfWeek))]


class RestrictionsDocument(Part):
    """An object without a single restriction restricts nothing, and may be there. Each maximum stands after its
    minimum, which it must exceed.
    """

    start_time: LocalTime | None = None
    end_time: LocalTime | None = None
    start_date: LocalDate | None = None
    end_date: Annotated[LocalDate | None, AfterValidator(_after_start_date)] = None
    min_kwh: KilowattHours | None = None
    max_kwh: Annotated[KilowattHours | None, _above("min_kwh")] = None
    min_current: Amount | None = None
    max_current: Annotated[Amount | None, _above("min_current")] = None
    min_power: Amount | None = None
    max_power: Annotated[Amount | None, _above("min_power")] = None
    min_duration: Seconds | None = None
    max_duration: Annotated[Seconds | None, _above("min_duration")] = None
    day_of_week: Annotated[list[Day], Field(max_length=100), AfterValidator(_each_once)] | None = None
    reservation: Annotated[Reservation, PlainValidator(member(Reservation))] | None = None

    def restrictions(self) -> Restrictions:
        """What pricing works with."""
        return Restrictions(
            start_time=self.start_time,
            end_time=self.end_time,
            start_date=self.start_date,
            end_date=self.end_date,
            min_kwh=self.min_kwh,
            max_kwh=self.max_kwh,
            min_current=self.min_current,
            max_current=self.max_current,
            min_power=self.min_power,
            max_power=self.max_power,
            min_duration=self.min_duration,
            max_duration=self.max_duration,
            day_of_week=tuple(self.day_of_week or ()),
            reservation=self.reservation,
        )
