"""A session's energy as a series: consecutive, cut at the quarter hours, never negative, and exactly the whole."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.billing import MeterValue
from shared.pricing import Charging, energy_curve
from shared.sessions import Reading, Session, Stop, metering
from shared.sessions.costing import charging_of

QUARTER = timedelta(minutes=15)
NOON = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)  # Oslo's clock is put forward that night

thousandths = st.integers(min_value=0, max_value=10**8).map(lambda wh: Decimal(wh) / 1000)
instants = st.integers(min_value=-3 * 10**9, max_value=10 * 10**9).map(lambda us: NOON + timedelta(microseconds=us))
readings_of_any_kind = st.lists(
    st.builds(
        Reading,
        at=instants | instants.map(lambda at: at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)),
        register_wh=(thousandths | thousandths.map(lambda wh: wh + 1000) | thousandths.map(lambda wh: -wh)),
    ),
    max_size=12,
)


def charging(stop: Stop, readings: Sequence[Reading]) -> Charging:
    session = Session(session_id="s", heard_at=stop.received_at)
    return charging_of(session, stop, readings, timezone="Europe/Oslo")


def meter_values(stop: Stop, readings: Sequence[Reading]) -> tuple[MeterValue, ...]:
    return metering.meter_values(charging(stop, readings))


@st.composite
def stops(draw: st.DrawFn) -> Stop:
    started, ended = sorted((draw(instants), draw(instants)))
    energy = draw(thousandths)
    first = draw(st.none() | thousandths)
    last = draw(st.none() | thousandths)
    return _stop(started, ended, energy, first=first, last=last)


def _stop(
    started: datetime,
    ended: datetime,
    energy: Decimal | int,
    *,
    first: Decimal | int | None = 0,
    last: Decimal | None = None,
) -> Stop:
    return Stop(
        charger_id="C",
        tag="A",
        started_at=started,
        ended_at=ended,
        energy_wh=Decimal(energy),
        meter_start_wh=None if first is None else Decimal(first),
        meter_end_wh=last,
        received_at=ended,
    )


def _kwh(values: Sequence[MeterValue]) -> list[Decimal]:
    return [value.kwh for value in values]


@given(stop=stops(), readings=readings_of_any_kind)
def test_a_series_is_consecutive_cut_at_the_quarters_never_negative_and_adds_up(
    stop: Stop, readings: list[Reading]
) -> None:
    values = meter_values(stop, readings)
    assert values[0].started_at == stop.started_at
    assert values[-1].ended_at == stop.ended_at
    for before, after in pairwise(values):
        assert before.ended_at == after.started_at
        assert after.started_at.minute % 15 == 0
        assert (after.started_at.second, after.started_at.microsecond) == (0, 0)
    for value in values:
        quarter = value.started_at.replace(minute=value.started_at.minute // 15 * 15, second=0, microsecond=0)
        assert value.ended_at <= quarter + QUARTER
        assert value.started_at < value.ended_at or len(values) == 1
        assert value.kwh >= 0
        assert value.kwh * 1000 % Decimal("0.001") == 0
    assert sum(_kwh(values)) == stop.energy_wh / 1000


@given(stop=stops(), readings=readings_of_any_kind, moments=st.lists(instants, max_size=8))
def test_a_curve_never_falls_and_ends_at_the_whole(
    stop: Stop, readings: list[Reading], moments: list[datetime]
) -> None:
    curve = energy_curve(charging(stop, readings))
    within = sorted(moment for moment in moments if stop.started_at <= moment <= stop.ended_at)
    energies = [curve.at(moment) for moment in within]
    assert energies == sorted(energies)
    assert curve.at(stop.ended_at) == stop.energy_wh
    assert all(0 <= energy <= stop.energy_wh for energy in energies)


@given(stop=stops(), readings=readings_of_any_kind, seed=st.randoms(use_true_random=False))
def test_the_order_in_which_readings_arrive_does_not_matter(stop: Stop, readings: list[Reading], seed: object) -> None:
    one_per_instant = list({reading.at: reading for reading in readings}.values())
    shuffled = list(one_per_instant)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    assert meter_values(stop, one_per_instant) == meter_values(stop, shuffled)
    assert meter_values(stop, one_per_instant * 2) == meter_values(stop, shuffled)


def test_without_readings_energy_is_spread_evenly() -> None:
    values = meter_values(_stop(NOON, NOON + timedelta(hours=1), 4000), [])
    assert _kwh(values) == [1, 1, 1, 1]


def test_a_reading_says_when_the_energy_came() -> None:
    reading = Reading(at=NOON + timedelta(minutes=15), register_wh=Decimal(103_700))
    values = meter_values(_stop(NOON, NOON + timedelta(minutes=45), 4000, first=100_000), [reading])
    assert _kwh(values) == [Decimal("3.7"), Decimal("0.15"), Decimal("0.15")]


def test_registers_count_back_from_the_last_one_if_the_first_is_not_known() -> None:
    reading = Reading(at=NOON + timedelta(minutes=15), register_wh=Decimal(103_700))
    stop = _stop(NOON, NOON + timedelta(minutes=45), 4000, first=None, last=Decimal(104_000))
    assert _kwh(meter_values(stop, [reading])) == [Decimal("3.7"), Decimal("0.15"), Decimal("0.15")]


def test_readings_that_cannot_be_placed_are_left_out() -> None:
    reading = Reading(at=NOON + timedelta(minutes=15), register_wh=Decimal(3700))
    stop = _stop(NOON, NOON + timedelta(minutes=30), 4000, first=None)
    assert _kwh(meter_values(stop, [reading])) == [2, 2]


def test_a_reading_that_falls_back_or_goes_beyond_the_end_is_left_out() -> None:
    readings = [
        Reading(at=NOON + timedelta(minutes=15), register_wh=Decimal(1000)),
        Reading(at=NOON + timedelta(minutes=30), register_wh=Decimal(500)),
        Reading(at=NOON + timedelta(minutes=45), register_wh=Decimal(9000)),
    ]
    values = meter_values(_stop(NOON, NOON + timedelta(hours=1), 4000), readings)
    assert _kwh(values) == [1, 1, 1, 1]


def test_of_two_readings_at_one_instant_the_first_counts() -> None:
    at = NOON + timedelta(minutes=15)
    readings = [Reading(at=at, register_wh=Decimal(1000)), Reading(at=at, register_wh=Decimal(3000))]
    values = meter_values(_stop(NOON, NOON + timedelta(minutes=30), 4000), readings)
    assert _kwh(values) == [1, 3]


def test_a_reading_at_the_very_start_or_end_says_nothing_new() -> None:
    half = NOON + timedelta(minutes=30)
    readings = [Reading(at=NOON, register_wh=Decimal(3000)), Reading(at=half, register_wh=Decimal(1000))]
    assert _kwh(meter_values(_stop(NOON, half, 4000), readings)) == [2, 2]


def test_a_session_within_a_quarter_is_one_value() -> None:
    start = NOON + timedelta(minutes=2)
    [value] = meter_values(_stop(start, start + timedelta(minutes=3), 100), [])
    assert (value.started_at, value.ended_at, value.kwh) == (start, start + timedelta(minutes=3), Decimal("0.1"))


def test_a_session_that_starts_and_ends_on_quarters_has_no_empty_value() -> None:
    values = meter_values(_stop(NOON, NOON + timedelta(minutes=30), 100), [])
    assert [(value.started_at.minute, value.ended_at.minute) for value in values] == [(0, 15), (15, 30)]


def test_thirds_of_a_watt_hour_add_up() -> None:
    values = meter_values(_stop(NOON, NOON + timedelta(minutes=45), 1), [])
    assert _kwh(values) == [Decimal("0.000333"), Decimal("0.000334"), Decimal("0.000333")]


def test_many_readings_of_a_month_take_no_time_worth_telling() -> None:
    stop = _stop(NOON, NOON + timedelta(days=31), 10**7)
    readings = [
        Reading(at=NOON + timedelta(minutes=minute), register_wh=Decimal(minute)) for minute in range(31 * 24 * 60)
    ]
    assert len(meter_values(stop, readings)) == 31 * 96
