"""What cannot be true of a session, at the very edge of it and just beyond."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.sessions import Stop
from shared.sessions.plausibility import implausibility

STOP = Stop(
    charger_id="C",
    tag="A",
    started_at=datetime(2026, 1, 15, 17, tzinfo=UTC),
    ended_at=datetime(2026, 1, 15, 18, tzinfo=UTC),
    energy_wh=Decimal(10_000),
    received_at=datetime(2026, 1, 15, 18, 1, tzinfo=UTC),
)
TICK = timedelta(microseconds=1)
GRAIN = Decimal("0.001")


def _fault(stop: Stop, *, max_power_kw: Decimal | None = None) -> str | None:
    found = implausibility(stop, max_power_kw=max_power_kw)
    return found.fault if found else None


def test_an_ordinary_session_is_plausible() -> None:
    assert _fault(STOP) is None


def test_a_session_may_end_when_it_starts_but_not_before() -> None:
    instantly = replace(STOP, ended_at=STOP.started_at, energy_wh=Decimal(0))
    assert _fault(instantly) is None
    assert _fault(replace(instantly, ended_at=STOP.started_at - TICK)) == "it ends before it starts"


def test_a_session_may_end_fifteen_minutes_in_the_future_and_no_more() -> None:
    edge = STOP.received_at + timedelta(minutes=15)
    assert _fault(replace(STOP, ended_at=edge)) is None
    assert _fault(replace(STOP, ended_at=edge + TICK)) == "it ends in the future"


def test_energy_may_be_zero_but_not_below() -> None:
    assert _fault(replace(STOP, energy_wh=Decimal(0))) is None
    assert "below zero" in str(_fault(replace(STOP, energy_wh=-GRAIN)))


@pytest.mark.parametrize(
    ("power", "possible"), [(None, Decimal(500_000)), (Decimal(22), Decimal(22_000)), (Decimal("3.7"), Decimal(3_700))]
)
def test_energy_may_be_what_the_charger_gives_in_that_time_and_no_more(
    power: Decimal | None, possible: Decimal
) -> None:
    assert _fault(replace(STOP, energy_wh=possible), max_power_kw=power) is None
    beyond = implausibility(replace(STOP, energy_wh=possible + GRAIN), max_power_kw=power)
    assert beyond is not None
    assert beyond.may_pass


def test_the_edge_is_exact_where_a_third_would_have_to_be_rounded() -> None:
    third = replace(STOP, ended_at=STOP.started_at + timedelta(seconds=1), energy_wh=Decimal("0.277"))
    assert _fault(third, max_power_kw=Decimal(1)) is None
    assert _fault(replace(third, energy_wh=Decimal("0.278")), max_power_kw=Decimal(1)) is not None


def test_readings_may_contradict_the_energy_by_a_hundred_wh_and_no_more() -> None:
    read = replace(STOP, meter_start_wh=Decimal(5_000))
    for edge in (Decimal(100), Decimal(-100)):
        assert _fault(replace(read, meter_end_wh=15_000 + edge)) is None
    for beyond in (100 + GRAIN, -100 - GRAIN):
        assert "meter readings" in str(_fault(replace(read, meter_end_wh=15_000 + beyond)))


def test_one_reading_alone_contradicts_nothing() -> None:
    assert _fault(replace(STOP, meter_end_wh=Decimal(1))) is None
    assert _fault(replace(STOP, meter_start_wh=Decimal(1))) is None


def test_only_what_the_operator_can_mend_may_pass() -> None:
    for stop in (
        replace(STOP, ended_at=STOP.started_at - TICK),
        replace(STOP, ended_at=STOP.received_at + timedelta(days=1)),
        replace(STOP, energy_wh=Decimal(-1)),
        replace(STOP, meter_start_wh=Decimal(0), meter_end_wh=Decimal(0)),
    ):
        found = implausibility(stop, max_power_kw=None)
        assert found is not None
        assert not found.may_pass
