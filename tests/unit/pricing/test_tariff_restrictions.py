"""What a restriction may say."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from shared.pricing import tariff_as_document
from shared.pricing.restrictions import UNRESTRICTED, DayOfWeek, Reservation, Restrictions
from tests.unit.pricing.tariff_support import faults, flat, parsed


def restricted(**restrictions: Any) -> dict[str, Any]:
    """A tariff with these restrictions, beside an element without."""
    document = flat()
    document["elements"].insert(0, {**document["elements"][0], "restrictions": restrictions})
    return document


def test_every_restriction_is_read_and_printed() -> None:
    written: dict[str, Any] = {
        "start_time": "16:00",
        "end_time": "00:00",
        "start_date": "2026-01-01",
        "end_date": "2026-02-01",
        "min_kwh": Decimal("0.000001"),
        "max_kwh": Decimal("20.5"),
        "min_current": Decimal("6.5"),
        "max_current": 32,
        "min_power": Decimal("3.7"),
        "max_power": 11,
        "min_duration": 0,
        "max_duration": 3600,
        "day_of_week": ["SUNDAY", "MONDAY"],
        "reservation": "RESERVATION_EXPIRES",
    }
    tariff = parsed(restricted(**written))
    assert tariff.elements[0].restrictions == Restrictions(
        start_time=time(16, 0),
        end_time=time(0, 0),
        start_date=date(2026, 1, 1),
        end_date=date(2026, 2, 1),
        min_kwh=Decimal("0.000001"),
        max_kwh=Decimal("20.5"),
        min_current=Decimal("6.5"),
        max_current=Decimal(32),
        min_power=Decimal("3.7"),
        max_power=Decimal(11),
        min_duration=0,
        max_duration=3600,
        day_of_week=(DayOfWeek.SUNDAY, DayOfWeek.MONDAY),
        reservation=Reservation.RESERVATION_EXPIRES,
    )
    printed: Any = tariff_as_document(tariff)
    assert printed["elements"][0]["restrictions"] == written
    assert "restrictions" not in printed["elements"][1]


@pytest.mark.parametrize("nothing", [{}, {"day_of_week": []}, {"day_of_week": None, "minKwh": None}])
def test_an_object_without_a_restriction_restricts_nothing(nothing: dict[str, Any]) -> None:
    assert parsed(restricted(**nothing)).elements[0].restrictions == UNRESTRICTED


@pytest.mark.parametrize(("start", "end"), [("16:00", "08:00"), ("08:00", "08:00"), ("00:00", "00:00")])
def test_a_time_of_day_may_wrap_midnight(start: str, end: str) -> None:
    read = parsed(restricted(start_time=start, end_time=end)).elements[0].restrictions
    assert (read.start_time, read.end_time) == (time.fromisoformat(start), time.fromisoformat(end))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("start_time", "8:00", "must be a local time as HH:MM, from 00:00 to 23:59"),
        ("start_time", "08:60", "must be a local time"),
        ("start_time", "08:00:00", "must be a local time"),
        ("start_time", "08:00\n", "must be a local time"),
        ("start_time", "\u0660\u0668:\u0660\u0660", "must be a local time"),
        ("start_time", 8, "must be a local time"),
        ("end_time", "24:00", "as an end 00:00 is the end of the day"),
        ("start_date", "2026-1-01", "must be a local date as YYYY-MM-DD"),
        ("start_date", "20260101", "must be a local date as YYYY-MM-DD"),
        ("start_date", "2026-01-01T00:00:00Z", "must be a local date as YYYY-MM-DD"),
        ("start_date", 20260101, "must be a local date as YYYY-MM-DD"),
        ("end_date", "2026-02-29", "is a date that does not exist"),
        ("end_date", "0000-01-01", "is a date that does not exist"),
        ("min_kwh", Decimal("0.0000001"), "must have at most 6 decimals"),
        ("max_kwh", -1, "must not be negative"),
        ("max_kwh", "20", "must be a number"),
        ("min_current", Decimal("0.0000000000001"), "must have at most 12 decimals"),
        ("max_current", 10**9, "must be below 1000000000"),
        ("min_power", Decimal("NaN"), "must be a finite number"),
        ("max_power", True, "must be a number"),
        ("min_duration", Decimal("0.5"), "must be a whole number"),
        ("max_duration", -1, "must not be negative"),
        ("max_duration", 10**9, "must be below 1000000000"),
        ("day_of_week", "MONDAY", "must be a list"),
        ("day_of_week", ["MONDAY", "SUNDAY", "MONDAY", "SUNDAY"],
         "has MONDAY and SUNDAY more than once: write each day once"),
        ("reservation", "YES", "must be one of RESERVATION, RESERVATION_EXPIRES"),
        ("reservation", True, "must be one of RESERVATION, RESERVATION_EXPIRES"),
    ],
)  # fmt: skip
def test_a_restriction_that_says_nothing_sensible_is_refused(field: str, value: object, message: str) -> None:
    found = faults(restricted(**{field: value}), one_vat_rate=False)
    assert message in found.pop(f"elements[0].restrictions.{field}")
    assert found == {}


def test_a_day_that_is_none_is_named_by_its_place() -> None:
    days = "MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY"
    found = faults(restricted(day_of_week=["MONDAY", "Tuesday", 3]))
    assert found == {f"elements[0].restrictions.day_of_week[{place}]": f"must be one of {days}" for place in (1, 2)}


@pytest.mark.parametrize("what", ["kwh", "current", "power", "duration"])
def test_a_minimum_lies_below_its_maximum(what: str) -> None:
    for most in (10, Decimal("10.0"), 9, 0):
        found = faults(restricted(**{f"min_{what}": 10, f"max_{what}": most}))
        assert found == {f"elements[0].restrictions.max_{what}": f"must be above min_{what}, which is 10"}
    assert parsed(restricted(**{f"min_{what}": 10, f"max_{what}": 11})).id == "flat"
    assert parsed(restricted(**{f"max_{what}": 0})).id == "flat"


def test_the_end_date_is_the_day_after_the_last() -> None:
    for end in ("2026-01-01", "2025-12-31"):
        found = faults(restricted(startDate="2026-01-01", endDate=end))
        assert found == {
            "elements[0].restrictions.end_date": "must be after start_date, which is 2026-01-01: "
            "it is the day after the last one"
        }
    assert parsed(restricted(start_date="2026-01-01", end_date="2026-01-02")).id == "flat"
