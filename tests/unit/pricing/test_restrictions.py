"""Each restriction at its edges: starts and minima are inclusive, ends and maxima exclusive, and all must hold."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.pricing import CurrentUnknown, Period, PowerUnknown, Report, Span, price_periods
from shared.pricing.charging import UNKNOWN
from tests.unit.pricing.made_up import TEN, element, part, tariff_of

OSLO = "Europe/Oslo"
THURSDAY = "2026-01-15"


def price_of(
    restrictions: dict[str, Any],
    *,
    at: str = f"{THURSDAY}T12:00:00+01:00",
    passed: int = 0,
    before_wh: str = "0",
    power_w: Span = UNKNOWN,
    current_a: Span = UNKNOWN,
    **volumes: Decimal,
) -> Report:
    """A CDR whose last period starts `at`, `passed` seconds and `before_wh` into the session; TIME costs 1 an hour in
    it where the restrictions hold, and 0 elsewhere.
    """
    limited = tariff_of(element(part("TIME", "1"), **restrictions), element(part("TIME", "0")))
    start = datetime.fromisoformat(at)
    last = Period(start=start, charging_seconds=Decimal(3600), power_w=power_w, current_a=current_a, **volumes)
    first = Period(start=start - timedelta(seconds=passed), energy_wh=Decimal(before_wh), charging_seconds=Decimal(0))
    return price_periods(
        tariff=limited,
        start=first.start,
        end=start + timedelta(hours=1),
        periods=[first, last] if passed or before_wh != "0" else [last],
        timezone=OSLO,
    )


def holds(restrictions: dict[str, Any], **moment: Any) -> bool:
    total = price_of(restrictions, **moment).total_excl
    assert total in {0, 1}
    return total == 1


@pytest.mark.parametrize(
    ("start", "end", "inside", "outside"),
    [
        ("12:00", "13:00", ["12:00:00", "12:59:59.999999"], ["11:59:59.999999", "13:00:00"]),
        ("22:00", "06:00", ["22:00:00", "23:59:59", "00:00:00", "05:59:59"], ["06:00:00", "21:59:59"]),
        ("18:00", "00:00", ["18:00:00", "23:59:59.999999"], ["00:00:00", "17:59:59"]),
        ("00:00", "00:00", ["00:00:00", "12:00:00", "23:59:59"], []),
        ("00:00", "06:00", ["00:00:00", "05:59:59"], ["06:00:00", "23:59:59"]),
        ("18:00", None, ["18:00:00", "23:59:59"], ["17:59:59", "00:00:00"]),
        (None, "06:00", ["00:00:00", "05:59:59"], ["06:00:00"]),
        (None, "00:00", ["00:00:00", "23:59:59"], []),
    ],
)
def test_time_of_day(start: str | None, end: str | None, inside: list[str], outside: list[str]) -> None:
    limits = {name: value for name, value in (("start_time", start), ("end_time", end)) if value is not None}
    for clock in inside:
        assert holds(limits, at=f"{THURSDAY}T{clock}+01:00"), clock
    for clock in outside:
        assert not holds(limits, at=f"{THURSDAY}T{clock}+01:00"), clock


@pytest.mark.parametrize(
    ("limits", "inside", "outside"),
    [
        (
            {"start_date": THURSDAY},
            ["2026-01-15T00:00:00+01:00", "2027-01-01T00:00:00Z"],
            ["2026-01-14T23:59:59+01:00"],
        ),
        ({"end_date": THURSDAY}, ["2026-01-14T23:59:59+01:00"], ["2026-01-15T00:00:00+01:00", "2026-01-14T23:00:00Z"]),
        ({"day_of_week": ["THURSDAY"]}, ["2026-01-14T23:00:00Z", "2026-01-15T22:59:59Z"], ["2026-01-15T23:00:00Z"]),
        (
            {"day_of_week": ["MONDAY", "SUNDAY"]},
            ["2026-01-18T12:00:00Z", "2026-01-19T12:00:00Z"],
            ["2026-01-20T12:00Z"],
        ),
    ],
)
def test_days_and_dates_are_local(limits: dict[str, Any], inside: list[str], outside: list[str]) -> None:
    assert [at for at in inside if not holds(limits, at=at)] == []
    assert [at for at in outside if holds(limits, at=at)] == []


def test_energy_before_the_period_counts() -> None:
    assert holds({"min_kwh": 10}, before_wh="10000")
    assert not holds({"min_kwh": 10}, before_wh="9999.999")
    assert not holds({"max_kwh": 10}, before_wh="10000")
    assert holds({"max_kwh": 10}, before_wh="9999.999", energy_wh=Decimal(50_000))
    assert holds({"min_kwh": 0}) and holds({"max_kwh": Decimal("0.001")})  # noqa: PT018  two edges of one thing


def test_time_since_the_start_counts() -> None:
    assert holds({"min_duration": 3600}, passed=3600)
    assert not holds({"min_duration": 3600}, passed=3599)
    assert not holds({"max_duration": 3600}, passed=3600)
    assert holds({"max_duration": 3600}, passed=3599)


@pytest.mark.parametrize(("kind", "unit"), [("power", 1000), ("current", 1)])
def test_a_minimum_looks_at_the_lowest_and_a_maximum_at_the_highest(kind: str, unit: int) -> None:
    def value(low: str, high: str) -> dict[str, Any]:
        span = Span(low=Decimal(low) * unit, high=Decimal(high) * unit)
        return {"power_w" if kind == "power" else "current_a": span}

    least, most = {f"min_{kind}": 16}, {f"max_{kind}": 16}
    assert holds(least, **value("16", "16"))
    assert not holds(least, **value("15.999", "40"))
    assert not holds(most, **value("0", "16"))
    assert holds(most, **value("0", "15.999"))


def test_power_that_is_not_stated_is_the_average_while_charging() -> None:
    assert holds({"min_power": 11}, energy_wh=Decimal(11_000))
    assert not holds({"min_power": 11}, energy_wh=Decimal("10999.999"))


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        ({"min_power": 1}, PowerUnknown),
        ({"max_power": 1}, PowerUnknown),
        ({"min_current": 1}, CurrentUnknown),
        ({"max_current": 1}, CurrentUnknown),
    ],
)
def test_what_nothing_tells_is_not_guessed(limits: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        price_of(limits)
    assert (caught.value.element, caught.value.period) == (0, 0)  # type: ignore[attr-defined]  # both kinds have them
    assert not holds({**limits, "start_time": "22:00"})  # and it does not matter where it is not looked at


def test_every_restriction_must_hold() -> None:
    every: dict[str, Any] = {
        "start_time": "12:00",
        "end_time": "13:00",
        "start_date": THURSDAY,
        "end_date": "2026-01-16",
        "day_of_week": ["THURSDAY"],
        "min_kwh": 1,
        "max_kwh": 2,
        "min_duration": 60,
        "max_duration": 120,
        "min_power": 5,
        "max_power": 12,
        "min_current": 6,
        "max_current": 20,
    }
    moment: dict[str, Any] = {
        "passed": 90,
        "before_wh": "1500",
        "power_w": Span(low=Decimal(7000), high=Decimal(11_000)),
        "current_a": Span(low=Decimal(10), high=Decimal(16)),
    }
    failing: dict[str, Any] = {
        "start_time": "12:01",
        "end_time": "12:00",
        "start_date": "2026-01-16",
        "end_date": THURSDAY,
        "day_of_week": ["FRIDAY"],
        "min_kwh": Decimal("1.6"),
        "max_kwh": Decimal("1.5"),
        "min_duration": 91,
        "max_duration": 90,
        "min_power": 8,
        "max_power": 11,
        "min_current": 11,
        "max_current": 16,
        "reservation": "RESERVATION",
    }
    assert holds(every, **moment)
    neighbours = {"end_time": {"start_time": "11:00"}, "start_date": {"end_date": "2026-01-17"},
                  "end_date": {"start_date": "2026-01-14"}}  # fmt: skip
    for name, value in failing.items():
        assert not holds({**every, **neighbours.get(name, {}), name: value}, **moment), name


def test_a_reservation_is_never_a_session() -> None:
    assert not holds({"reservation": "RESERVATION"})
    assert not holds({"reservation": "RESERVATION_EXPIRES"})


def test_no_restriction_always_holds() -> None:
    assert holds({}, at=TEN.isoformat())
