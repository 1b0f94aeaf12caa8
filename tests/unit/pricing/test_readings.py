"""Meter readings that are few, late, repeated or wrong: what counts, what is left out, and that the report says so."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.pricing import Charging, PricingError, Reading, energy_curve, price_session
from tests.unit.pricing.made_up import TEN, charging, element, minutes, part, reading, tariff, tariff_of

SECOND = timedelta(seconds=1)
BY_ENERGY = tariff(part("ENERGY", "1"), part("TIME", "6"), part("PARKING_TIME", "60"))


def kept(*readings: Reading) -> list[tuple[int, Any]]:
    """Minutes and Wh of what counts, between start and stop."""
    curve = energy_curve(charging(readings=readings))
    points: list[tuple[datetime, Any]] = list(zip(curve.instants, curve.energies_wh, strict=True))
    assert (points[0], points[-1]) == ((TEN, 0), (minutes(120), 10_000))
    return [((at - TEN) // timedelta(minutes=1), energy) for at, energy in points[1:-1]]


def notes(*readings: Reading) -> list[str]:
    report = price_session(tariff=BY_ENERGY, charging=charging(readings=readings))
    return [note for note in report.notes if "reading" in note.lower()]


def test_readings_in_order_all_count_and_need_no_note() -> None:
    assert kept(reading(30, "2000"), reading(60, "2000"), reading(90, "10000")) == [
        (30, 2000),
        (60, 2000),
        (90, 10_000),
    ]
    assert notes(reading(30, "2000"), reading(60, "2000"), reading(90, "10000")) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (reading(-5, "100"), "1 at or before the start"),
        (reading(0, "100"), "1 at or before the start"),
        (reading(120, "9000"), "1 at or after the stop"),
        (reading(500, "9000"), "1 at or after the stop"),
        (reading(90, "10100.001"), "1 beyond the energy at the stop"),
        (reading(90, "5999.999"), "1 falling back against the others"),
        (reading(90, "-1"), "1 falling back against the others"),
        (reading(60, "6000"), "1 repeated at the instant of another"),
        (reading(60, "7000"), "1 repeated at the instant of another"),
    ],
)
def test_one_that_cannot_be_is_left_out_and_named(wrong: Reading, said: str) -> None:
    right = reading(60, "6000")
    assert kept(right, wrong) == [(60, 6000)]
    assert notes(*sorted((right, wrong), key=lambda each: each.at)) == [f"1 of 2 readings left out: {said}."]


def test_a_register_a_little_beyond_the_energy_is_taken_for_the_whole() -> None:
    assert kept(reading(60, "10100"), reading(90, "10100")) == [(60, 10_000), (90, 10_000)]


def test_the_fewest_are_left_out_of_several_that_fall() -> None:
    risen = [reading(minute, str(minute * 50)) for minute in range(10, 100, 10)]
    assert kept(reading(5, "9000"), *risen) == [(minute, minute * 50) for minute in range(10, 100, 10)]
    assert kept(*risen, reading(105, "10")) == [(minute, minute * 50) for minute in range(10, 100, 10)]


def test_readings_at_the_very_edge_count() -> None:
    assert kept(reading(1, "0"), reading(119, "10000")) == [(1, 0), (119, 10_000)]


def test_the_lowest_counts_of_several_at_one_instant_however_they_are_mixed() -> None:
    mixed = [reading(90, "8000"), reading(60, "6000"), reading(90, "7000"), reading(60, "5000"), reading(90, "9000")]
    assert kept(*mixed) == [(60, 5000), (90, 7000)]
    assert notes(*mixed) == [
        "The readings came out of order; they were sorted by time.",
        "3 of 5 readings left out: 3 repeated at the instant of another.",
    ]


def test_each_kind_is_counted_for_itself() -> None:
    fallen = [reading(40, "4000"), reading(50, "3000")]
    said = notes(reading(-1, "0"), reading(30, "5000"), *fallen, reading(60, "60000"), reading(130, "1"))
    assert len(said) == 1
    assert said[0].startswith("5 of 6 readings left out: ")
    assert all(kind in said[0] for kind in ("1 at or before", "2 falling back", "1 beyond", "1 at or after"))


def test_one_wrong_reading_too_high_does_not_silence_those_after_it() -> None:
    assert kept(reading(10, "99999"), reading(60, "6000"), reading(90, "7000")) == [(60, 6000), (90, 7000)]


def test_readings_count_from_the_register_at_the_start_or_not_at_all() -> None:
    session = Charging(
        start=TEN,
        end=minutes(120),
        energy_wh=Decimal(10_000),
        readings=(reading(60, "56000"), reading(90, "56000")),
        register_at_start_wh=Decimal(50_000),
        timezone="Europe/Oslo",
    )
    assert [int(each) for each in energy_curve(session).energies_wh] == [0, 6000, 6000, 10_000]
    without = Charging(
        start=TEN, end=minutes(120), energy_wh=Decimal(10_000), readings=session.readings, timezone="Europe/Oslo"
    )
    assert [int(each) for each in energy_curve(without).energies_wh] == [0, 10_000]
    (said,) = energy_curve(without).notes
    assert said.startswith("2 of 2 readings left out")


def test_without_readings_the_report_says_that_parking_cannot_be_told() -> None:
    (said,) = notes()
    assert "all of the time counts as charging" in said


@pytest.mark.parametrize("energy_wh", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+999999", "1E-999999", "0.0001"])
def test_a_register_that_is_no_amount_of_energy_is_a_named_error_or_left_out(energy_wh: str) -> None:
    session = charging(readings=[reading(60, energy_wh)])
    try:
        report = price_session(tariff=BY_ENERGY, charging=session)
    except PricingError:
        return
    assert any("1 of 1 readings left out" in note for note in report.notes)
    assert report.total_excl == 10 + 12


@pytest.mark.parametrize("register", ["NaN", "sNaN", "Infinity", "1E+999999", "-1E+999999", "1E-999999"])
def test_a_register_at_the_start_that_cannot_be_is_a_named_error_or_of_no_use(register: str) -> None:
    session = Charging(
        start=TEN,
        end=minutes(120),
        energy_wh=Decimal(10_000),
        readings=(reading(60, "5000"),),
        register_at_start_wh=Decimal(register),
        timezone="Europe/Oslo",
    )
    try:
        report = price_session(tariff=BY_ENERGY, charging=session)
    except PricingError:
        return
    assert any("1 of 1 readings left out" in note for note in report.notes)


readings = st.builds(
    lambda second, milliwatt_hours: Reading(at=TEN + second * SECOND, energy_wh=Decimal(milliwatt_hours) / 1000),
    st.integers(-600, 7800),
    st.integers(-1_000_000, 12_000_000),
)


@settings(deadline=None)
@given(of=st.lists(readings, max_size=12), seed=st.integers(0, 1000))
def test_whatever_was_read_nothing_is_lost_and_nothing_falls(of: list[Reading], seed: int) -> None:
    changing = tariff_of(element(part("ENERGY", "1"), start_time="12:00"), element(part("ENERGY", "1"), max_kwh=3),
                         element(part("ENERGY", "1")))  # fmt: skip
    session = charging(readings=of)
    report = price_session(tariff=changing, charging=session)
    assert report.total_excl == 10
    curve = energy_curve(session)
    assert all(earlier < later for earlier, later in pairwise(curve.instants))
    assert all(earlier <= later for earlier, later in pairwise(curve.energies_wh))
    at = [TEN + random.Random(seed).randrange(7200) * SECOND for _ in range(8)]  # noqa: S311  any instants do
    energies = [curve.at(each) for each in sorted(at)]
    assert all(earlier <= later for earlier, later in pairwise(energies))
    left_out = sum(int(note.split()[0]) for note in curve.notes if "left out" in note)
    assert left_out == len(of) - (len(curve.instants) - 2)


@settings(deadline=None)
@given(of=st.lists(readings, max_size=12, unique_by=lambda each: each.at), shuffled=st.randoms())
def test_the_order_in_which_they_came_does_not_matter(of: list[Reading], shuffled: random.Random) -> None:
    other = list(of)
    shuffled.shuffle(other)
    one, two = (energy_curve(charging(readings=each)) for each in (of, other))
    assert (one.instants, one.energies_wh) == (two.instants, two.energies_wh)
