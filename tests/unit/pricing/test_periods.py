"""Where a session is cut, and where it is not."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from shared.pricing import Charging, Period, Reading, Report, price_periods, price_session
from tests.unit.pricing.made_up import (
    TEN,
    charging,
    element,
    minutes,
    part,
    reading,
    spot_prices,
    tariff,
    tariff_of,
)

OSLO = "Europe/Oslo"
NOON_TO_ONE = {"start_time": "12:00", "end_time": "13:00"}  # an hour after TEN in Oslo


def starts(report: Report) -> list[int]:
    """Whole minutes since TEN."""
    return [(period.start - TEN) // timedelta(minutes=1) for period in report.periods]


def test_a_tariff_that_nothing_changes_gives_one_period_whatever_was_read() -> None:
    read = [reading(minute, str(minute * 80)) for minute in range(1, 120)]
    flat = tariff(part("ENERGY", "2"), part("TIME", "6"), part("FLAT", "1"))
    (only,) = price_session(tariff=flat, charging=charging(readings=read)).periods
    assert (only.start, only.end, only.interpolated) == (TEN, minutes(120), False)


def test_a_boundary_at_which_nothing_changes_does_not_cut() -> None:
    shadowed = tariff_of(element(part("ENERGY", "2")), element(part("ENERGY", "9"), **NOON_TO_ONE, min_kwh=1))
    assert starts(price_session(tariff=shadowed, charging=charging())) == [0]


def test_the_same_price_for_another_reason_is_another_period() -> None:
    same = tariff_of(element(part("ENERGY", "2"), **NOON_TO_ONE), element(part("ENERGY", "2")))
    report = price_session(tariff=same, charging=charging(hours="3"))
    assert starts(report) == [0, 60, 120]
    assert [period.dimensions[0].element for period in report.periods] == [1, 0, 1]


@pytest.mark.parametrize(("first", "last"), [("11:00", "13:00"), ("11:00", "00:00"), ("00:00", "13:00")])
def test_boundaries_at_the_start_and_the_end_of_a_session_leave_no_empty_periods(first: str, last: str) -> None:
    exact = tariff_of(
        element(part("ENERGY", "2"), start_time=first, end_time=last, max_duration=7200, max_kwh=10),
        element(part("ENERGY", "9")),
    )
    report = price_session(tariff=exact, charging=charging())
    assert starts(report) == [0]
    assert report.total_excl == 20


def test_a_cut_at_a_reading_is_not_interpolated_and_its_neighbour_may_be() -> None:
    changing = tariff_of(element(part("ENERGY", "2"), start_time="11:00", end_time="12:00"),
                         element(part("ENERGY", "3"), max_duration=5400), element(part("ENERGY", "4")))  # fmt: skip
    report = price_session(tariff=changing, charging=charging(readings=[reading(60, "9000")]))
    assert starts(report) == [0, 60, 90]
    assert [period.interpolated for period in report.periods] == [False, True, True]


def test_what_was_parked_between_two_readings_is_cut_at_them_and_nowhere_else() -> None:
    read = [reading(20, "5000"), reading(30, "5000"), reading(40, "5000"), reading(100, "5000")]
    parking = tariff(part("TIME", "6"), part("PARKING_TIME", "60"))
    report = price_session(tariff=parking, charging=charging(readings=read))
    assert starts(report) == [0, 20, 100]
    assert report.total_excl == 2 + 80 + 2


def test_a_threshold_is_billed_to_the_milliwatt_hour_whatever_the_instant() -> None:
    tiers = tariff_of(element(part("ENERGY", "1000"), max_kwh=Decimal("3.333")), element(part("ENERGY", "1")))
    for length in (1, 3, 7, 999_983, 86_399_999_999):
        session = Charging(
            start=TEN, end=TEN + timedelta(microseconds=length), energy_wh=Decimal("10000.001"), timezone=OSLO
        )
        assert price_session(tariff=tiers, charging=session).total_excl == Decimal("3333") + Decimal("6.667001")


def test_readings_in_the_sites_own_time_are_told_apart_in_the_hour_that_comes_twice() -> None:
    oslo = ZoneInfo(OSLO)
    night = Charging(
        start=datetime(2026, 10, 25, 1, 30, tzinfo=oslo),
        end=datetime(2026, 10, 25, 3, 30, tzinfo=oslo),
        energy_wh=Decimal(9000),
        readings=(
            Reading(at=datetime(2026, 10, 25, 2, 30, tzinfo=oslo, fold=0), energy_wh=Decimal(6000)),
            Reading(at=datetime(2026, 10, 25, 2, 10, tzinfo=oslo, fold=1), energy_wh=Decimal(6000)),
            Reading(at=datetime(2026, 10, 25, 2, 10, tzinfo=oslo, fold=1), energy_wh=Decimal(7000)),
        ),
        register_at_start_wh=Decimal(0),
        timezone=OSLO,
    )
    report = price_session(tariff=tariff(part("PARKING_TIME", "60"), part("ENERGY", "1")), charging=night)
    assert report.total_excl == 40 + 9  # parked from the first half past two to the second ten past two
    assert [note for note in report.notes if "reading" in note] == [
        "1 of 3 readings left out: 1 repeated at the instant of another."
    ]


@pytest.mark.parametrize(
    ("zone", "before"),
    [
        ("Asia/Kolkata", datetime(2026, 1, 15, 16, 30, tzinfo=UTC)),
        ("Pacific/Chatham", datetime(2026, 1, 15, 8, 15, tzinfo=UTC)),
        ("Europe/London", datetime(2026, 1, 15, 22, 0, tzinfo=UTC)),
    ],
)
def test_local_times_are_right_in_zones_off_the_hour(zone: str, before: datetime) -> None:
    from_ten = tariff_of(element(part("TIME", "60"), start_time="22:00"), element(part("TIME", "6")))
    session = charging(start=before - timedelta(minutes=30), hours="1", timezone=zone)
    assert price_session(tariff=from_ten, charging=session).total_excl == 3 + 30


def test_a_day_whose_midnight_is_skipped_begins_at_one() -> None:
    # In Cairo clocks go from 24:00 on Thursday 2026-04-23 to 01:00 on Friday.
    fridays = tariff_of(element(part("TIME", "60"), day_of_week=["FRIDAY"]), element(part("TIME", "6")))
    session = charging(start=datetime(2026, 4, 23, 21, tzinfo=UTC), timezone="Africa/Cairo")
    assert price_session(tariff=fridays, charging=session).total_excl == 6 + 60


def test_a_session_of_many_days_is_cut_at_each_boundary_of_each() -> None:
    nights = tariff_of(element(part("ENERGY", "1"), start_time="22:00", end_time="06:00"), element(part("ENERGY", "2")))
    week = charging(start=minutes(-180), hours="168", energy_wh="168000")  # from eight to eight in Oslo
    report = price_session(tariff=nights, charging=week)
    assert len(report.periods) == 15
    assert report.total_excl == 7 * (8 * 1 + 16 * 2)


def test_spot_prices_cut_only_what_was_charged() -> None:
    follow = tariff(part("ENERGY_SPOT", None, bidding_zone="NO1"))
    report = price_session(tariff=follow, charging=charging(readings=[reading(30, "10000")]), spot_prices=spot_prices())
    assert starts(report) == [0, 15, 30]


def test_the_periods_of_a_cdr_are_never_cut() -> None:
    changing = tariff_of(element(part("ENERGY", "2"), **NOON_TO_ONE), element(part("ENERGY", "3"), max_kwh=1),
                         element(part("ENERGY_SPOT", None, bidding_zone="NO1")))  # fmt: skip
    periods = [Period(start=TEN, energy_wh=Decimal(5000)), Period(start=minutes(50), energy_wh=Decimal(5000))]
    report = price_periods(
        tariff=changing, start=TEN, end=minutes(300), periods=periods, timezone=OSLO, spot_prices=spot_prices()
    )
    assert starts(report) == [0, 50]
    assert not any(period.interpolated for period in report.periods)
    assert [period.dimensions[0].element for period in report.periods] == [1, 2]


def test_an_element_that_was_passed_over_says_why_in_words() -> None:
    document = tariff_of(
        element(part("TIME", "1")),
        element(part("ENERGY", "1"), reservation="RESERVATION"),
        element(part("ENERGY", "1"), start_time="22:00", end_time="06:00"),
        element(part("ENERGY", "1"), day_of_week=["FRIDAY"]),
        element(part("ENERGY", "1"), start_date="2026-02-01"),
        element(part("ENERGY", "1"), end_date="2026-01-15"),
        element(part("ENERGY", "1"), min_kwh=Decimal("20.5")),
        element(part("ENERGY", "1"), min_duration=7200),
        element(part("ENERGY", "1"), min_power=11),
        element(part("ENERGY", "1")),
    )
    energy = price_session(tariff=document, charging=charging()).periods[0].dimensions[0]
    assert energy.element == 9
    said = [(each.element, each.reason) for each in energy.passed_over]
    assert [number for number, _ in said] == list(range(9))
    named = ("ENERGY", "reservation", "22:00", "FRIDAY", "2026-02-01", "2026-01-15", "20.5 kWh", "7200 s", "11 kW")
    assert all(word in reason for word, (_, reason) in zip(named, said, strict=True)), said
