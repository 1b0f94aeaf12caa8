"""How long it takes to price a session. Every amount is checked against one that is computed another way."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from bench.figure import Figure
from shared.pricing import (
    Charging,
    Period,
    Reading,
    Report,
    SpotDay,
    SpotPrices,
    Tariff,
    market_days,
    parse_tariff,
    price_periods,
    price_session,
    prices_in,
)

FLAT_TARIFF: Final = {
    "id": "flat",
    "currency": "NOK",
    "elements": [
        {
            "price_components": [
                {"type": "ENERGY", "price": Decimal("3.2"), "vat": Decimal(25), "step_size": 1},
                {"type": "FLAT", "price": Decimal(4), "vat": Decimal(25), "step_size": 1},
            ]
        }
    ],
}
PERIODS: Final = (10, 100, 1_000, 10_000)
LINEAR: Final = 1.5  # what a period may cost among many, as a multiple of what it costs among ten
_RUNS: Final = 5
_OSLO: Final = "Europe/Oslo"
_START: Final = datetime(2026, 1, 15, 14, tzinfo=UTC)  # a Thursday, 15:00 in Oslo
_QUARTER: Final = timedelta(minutes=15)
_EVENING: Final = range(16, 20)
_THRESHOLD_WH: Final = Fraction(40_000)
_MARGINS: Final = {
    "evening": Fraction(3, 5),
    "night": Fraction(1, 5),
    "much": Fraction(1, 10),
    "little": Fraction(7, 20),
}


def pricing(*, sessions: int) -> list[Figure]:
    """A flat tariff, an evening under a spot tariff, and sessions of ever more periods; one core."""
    return [_flat(sessions), _spot(max(1, sessions // 20)), *_growing("session", _cut), *_growing("CDR", _stated)]


def _flat(sessions: int) -> Figure:
    tariff = parse_tariff(FLAT_TARIFF, currency="NOK", one_vat_rate=True)
    charging = Charging(start=_START, end=_START + timedelta(hours=2), energy_wh=Decimal(12345), timezone=_OSLO)
    seconds, report = _best(lambda: price_session(tariff=tariff, charging=charging), times=sessions)
    _check(report, Fraction(12345, 1000) * Fraction("3.2") + 4)
    return Figure(name="pricing, flat tariff", value=seconds * 1e6, unit="µs/session", sample=sessions * _RUNS, goal=60)


def _spot(sessions: int) -> Figure:
    """Eight hours with a reading every quarter hour, each in the middle of a market's quarter."""
    prices, tariff = _market(until=_START + timedelta(hours=8)), _spot_tariff()
    charging = _session(quarters=32)
    spot_prices = SpotPrices(prices)
    seconds, report = _best(
        lambda: price_session(tariff=tariff, charging=charging, spot_prices=spot_prices), times=sessions
    )
    _check(report, _by_quarters(charging, prices))
    return Figure(
        name="pricing, 8 h, spot, 4 elements",
        value=seconds * 1e3,
        unit="ms/session",
        sample=sessions * _RUNS,
        goal=1.5,
    )


def _growing(what: str, make: Callable[[int], tuple[Callable[[], Report], Fraction]]) -> list[Figure]:
    """The time for a period at each number of periods, and for the largest what that is to the smallest."""
    figures = []
    for count in PERIODS:
        price, expected = make(count)
        seconds, report = _best(price, times=max(1, 500 // count))
        _check(report, expected)
        assert len(report.periods) == count, f"{len(report.periods)} periods, not {count}"
        name = f"pricing, {what} of {count:,} periods"
        figures.append(Figure(name=name, value=seconds / count * 1e6, unit="µs/period", sample=_RUNS))
    ratios = [
        Figure(
            name=f"{figure.name} to {PERIODS[0]}",
            value=figure.value / figures[0].value,
            unit="times",
            sample=_RUNS,
            goal=LINEAR,
        )
        for figure in figures[1:]
    ]
    return [*figures, *ratios]


def _cut(count: int) -> tuple[Callable[[], Report], Fraction]:
    """A session that is cut at each quarter hour."""
    prices, tariff = _market(until=_START + count * _QUARTER), _spot_tariff(restricted=False)
    charging = Charging(start=_START, end=_START + count * _QUARTER, energy_wh=Decimal(count * 250), timezone=_OSLO)
    spot_prices = SpotPrices(prices)
    by_quarter = _prices_by_quarter(prices)
    spots = sum((by_quarter[_START + number * _QUARTER] for number in range(count)), Fraction(0))
    expected = (spots * Fraction(105, 100) + count * _MARGINS["little"]) / 4
    return lambda: price_session(tariff=tariff, charging=charging, spot_prices=spot_prices), expected


def _stated(count: int) -> tuple[Callable[[], Report], Fraction]:
    """A CDR that states energy and time for each minute."""
    energy, time_ = {"type": "ENERGY", "price": 3, "vat": 25}, {"type": "TIME", "price": 6, "vat": 25}
    evening = {"start_time": "16:00", "end_time": "20:00"}
    elements = [
        {"price_components": [energy | {"price": 4}], "restrictions": evening},
        {"price_components": [energy, time_]},
    ]
    tariff = parse_tariff({"id": "t", "currency": "NOK", "elements": elements}, currency="NOK", one_vat_rate=True)
    starts = [_START + timedelta(minutes=number) for number in range(count)]
    periods = [Period(start=start, energy_wh=Decimal(175), charging_seconds=Decimal(60)) for start in starts]
    end, zone = _START + timedelta(minutes=count), ZoneInfo(_OSLO)
    dear = sum(start.astimezone(zone).hour in _EVENING for start in starts)
    expected = Fraction(175, 1000) * (3 * count + dear) + Fraction(6, 60) * count
    return lambda: price_periods(tariff=tariff, start=_START, end=end, periods=periods, timezone=_OSLO), expected


def _spot_tariff(*, restricted: bool = True) -> Tariff:
    def element(name: str, **restrictions: Any) -> dict[str, Any]:
        margin = Decimal(_MARGINS[name].numerator) / _MARGINS[name].denominator
        component = {"type": "ENERGY_SPOT", "bidding_zone": "NO1", "vat": 25, "margin": margin, "margin_percentage": 5}
        return {"price_components": [component], "restrictions": restrictions}

    days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]
    elements = [
        element("evening", start_time="16:00", end_time="20:00", day_of_week=days),
        element("night", start_time="23:00", end_time="06:00"),
        element("much", min_kwh=40),
        element("little", max_kwh=40),
    ]
    document = {"id": "spot", "currency": "NOK", "elements": elements if restricted else [element("little")]}
    return parse_tariff(document, currency="NOK", one_vat_rate=True)


def _market(*, until: datetime) -> list[SpotDay]:
    """Quarter-hour prices with five decimals, some of them negative."""

    def prices(day: date) -> tuple[Decimal, ...]:
        slots = range(prices_in(day, resolution_minutes=15))
        return tuple(Decimal((day.toordinal() * 31 + slot * 7919) % 250_000 - 25_000).scaleb(-5) for slot in slots)

    return [
        SpotDay(bidding_zone="NO1", date=day, currency="NOK", resolution_minutes=15, prices=prices(day))
        for day in market_days(start=_START, end=until)
    ]


def _session(*, quarters: int) -> Charging:
    """Register values are even Wh and taken at the middle of each quarter, so that at the quarters they are whole."""
    register, readings = Decimal(1_000_000), []
    middle = _START + _QUARTER / 2
    for number in range(quarters):
        register += 2_000 + number % 7 * 250
        readings.append(Reading(at=middle + number * _QUARTER, energy_wh=register))
    end = _START + quarters * _QUARTER
    energy = register - 1_000_000 + 1_000
    return Charging(
        start=_START,
        end=end,
        energy_wh=energy,
        readings=tuple(readings),
        register_at_start_wh=Decimal(1_000_000),
        timezone=_OSLO,
    )


def _by_quarters(charging: Charging, prices: list[SpotDay]) -> Fraction:
    """The same by a walk over the quarters in fractions."""
    registers = [Fraction(0), *(Fraction(each.energy_wh - 1_000_000) for each in charging.readings)]
    middles = [(before + after) / 2 for before, after in pairwise(registers[1:])]
    at_quarters = [Fraction(0), *middles, Fraction(charging.energy_wh)]
    by_quarter, total, zone = _prices_by_quarter(prices), Fraction(0), ZoneInfo(_OSLO)
    for number, (before, after) in enumerate(pairwise(at_quarters)):
        start = charging.start + number * _QUARTER
        hour = start.astimezone(zone).hour
        below = max(min(after, _THRESHOLD_WH) - before, Fraction(0))
        shares = {"little": below, "much": after - before - below}
        if hour in _EVENING:
            shares = {"evening": after - before}
        elif hour >= 23 or hour < 6:
            shares = {"night": after - before}
        for name, share in shares.items():
            total += share / 1000 * (by_quarter[start] * Fraction(105, 100) + _MARGINS[name])
    return total


def _prices_by_quarter(prices: list[SpotDay]) -> dict[datetime, Fraction]:
    found: dict[datetime, Fraction] = {}
    for day in prices:
        midnight = datetime(day.date.year, day.date.month, day.date.day, tzinfo=ZoneInfo(_OSLO)).astimezone(UTC)
        found |= {midnight + slot * _QUARTER: Fraction(price) for slot, price in enumerate(day.prices)}
    return found


def _best(price: Callable[[], Report], *, times: int) -> tuple[float, Report]:
    """Seconds of one core for one, from the best of several runs of `times`: what else the machine does is left out."""
    seconds = []
    for _ in range(_RUNS):
        started = time.process_time()
        for _ in range(times):
            report = price()
        seconds.append((time.process_time() - started) / times)
    return min(seconds), report


def _check(report: Report, excl: Fraction) -> None:
    if Fraction(report.total_excl) != excl:
        raise RuntimeError(f"priced {report.total_excl}, which should be {float(excl)}")
