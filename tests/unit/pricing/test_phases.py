"""When a car charged and when it was only parked, from registers that are fine, coarse, or never quite still."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise

import pytest

from shared.pricing import Charging, Dimension, Reading, parse_tariff, price_session
from shared.pricing.energy_curve import energy_curve
from shared.pricing.phases import phases_of

TEN = datetime(2026, 1, 15, 10, tzinfo=UTC)
BY_TIME = parse_tariff(
    {
        "id": "t",
        "currency": "NOK",
        "elements": [
            {
                "price_components": [
                    {"type": "TIME", "price": 60, "vat": 25},
                    {"type": "PARKING_TIME", "price": 600, "vat": 25},
                ]
            }
        ],
    },
    currency="NOK",
    one_vat_rate=True,
)


def session(*registers: tuple[float, int | Decimal], minutes: float, energy: int | Decimal) -> Charging:
    return Charging(
        start=TEN,
        end=TEN + timedelta(minutes=minutes),
        energy_wh=Decimal(energy),
        register_at_start_wh=Decimal(0),
        readings=tuple(Reading(at=TEN + timedelta(minutes=at), energy_wh=Decimal(wh)) for at, wh in registers),
        timezone="Europe/Oslo",
    )


def parked_minutes(of: Charging) -> float:
    totals = {each.dimension: each.measured for each in price_session(tariff=BY_TIME, charging=of).totals}
    whole = (of.end - of.start) / timedelta(minutes=1)
    parked = float(totals.get(Dimension.PARKING_TIME, 0)) / 60
    assert float(totals.get(Dimension.TIME, 0)) / 60 == pytest.approx(whole - parked)
    return parked


def each_minute(kilowatts: float, *, minutes: int, step: int) -> Iterator[tuple[float, Decimal]]:
    """A register that counts in steps, read each minute."""
    for minute in range(1, minutes):
        energy = Decimal(kilowatts * 1000 * minute / 60) / step
        yield minute, energy.quantize(Decimal(1), rounding=ROUND_DOWN) * step


def test_a_register_that_stands_still_means_parked() -> None:
    assert parked_minutes(session((60, 9000), (100, 9000), minutes=100, energy=9000)) == 40


def test_before_charging_begins_and_in_the_middle_too() -> None:
    assert parked_minutes(session((30, 0), (60, 5000), (90, 5000), minutes=120, energy=9000)) == 60


@pytest.mark.parametrize("step", [1, 10, 100])
@pytest.mark.parametrize("kilowatts", [1.4, 3.6, 11])
def test_a_coarse_register_read_each_minute_does_not_park_a_car_that_charges(kilowatts: float, step: int) -> None:
    registers = list(each_minute(kilowatts, minutes=180, step=step))
    assert parked_minutes(session(*registers, minutes=180, energy=int(registers[-1][1]) + step)) == 0


@pytest.mark.parametrize("watts", [0, 4, 20, 49])
def test_a_car_that_keeps_itself_warm_is_parked(watts: int) -> None:
    quarters = [(60 + 15 * n, Decimal(9000) + Decimal(watts * n) / 4) for n in range(37)]
    found = session(*quarters[:-1], minutes=600, energy=quarters[-1][1])
    assert parked_minutes(found) == 540


def test_what_it_draws_meanwhile_is_energy_all_the_same() -> None:
    tariff = parse_tariff(
        {"id": "t", "currency": "NOK", "elements": [{"price_components": [{"type": "ENERGY", "price": 1, "vat": 25}]}]},
        currency="NOK",
        one_vat_rate=True,
    )
    report = price_session(tariff=tariff, charging=session((60, 9000), (120, 9040), minutes=180, energy=9080))
    assert report.total_excl == Decimal("9.08")


def test_fifty_watts_are_charging() -> None:
    assert parked_minutes(session((60, 9000), (120, 9050), minutes=120, energy=9050)) == 0


def test_less_than_five_minutes_without_growth_are_charging_unless_they_lie_beside_parked_ones() -> None:
    assert parked_minutes(session((60, 9000), (64, 9000), minutes=100, energy=18_000)) == 0
    assert parked_minutes(session((60, 9000), (65, 9000), minutes=100, energy=18_000)) == 5
    assert parked_minutes(session((60, 9000), (61, 9000), (101, 9000), minutes=102, energy=9000)) == 42


def test_without_readings_it_was_charging_unless_it_has_no_energy() -> None:
    assert parked_minutes(session(minutes=600, energy=1)) == 0
    assert parked_minutes(session(minutes=600, energy=0)) == 600


def test_the_phases_follow_each_other_from_the_first_reading_to_the_last() -> None:
    curve = energy_curve(session((10, 500), (20, 500), (21, 600), (22, 600), (50, 600), minutes=60, energy=700))
    phases = phases_of(curve)
    assert [phase.first for phase in phases] == [0, *(phase.last for phase in phases[:-1])]
    assert phases[-1].last == len(curve.instants) - 1
    assert all(before.is_parked is not after.is_parked for before, after in pairwise(phases))
