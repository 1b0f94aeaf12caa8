"""What a session costs by a tariff: the same for its line, for a correction and for a simulation."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from shared.billing import Line
from shared.operators import Operator, Site, inherited
from shared.pricing import (
    Charging,
    Report,
    ReportTooLong,
    SpotDay,
    SpotPrices,
    Tariff,
    price_session,
    spot_days_needed,
)
from shared.pricing import Reading as PricedReading

from .session import Reading, Session, Stop

_WH_PER_KWH = 1000
# What a line can hold of its report, with room: packed, a part is about 50 bytes, and a row has 900 KB. Six weeks of
# quarter hours have as many parts.
MOST_PARTS = 8_000
MOST_PASSED_OVER = 60_000


class SpotMarket(Protocol):
    """Where spot prices are looked up; answers may be up to 30 s old."""

    async def spot_day(self, gln: str, bidding_zone: str, day: date) -> SpotDay | None:
        """The prices of a market day, None if they are not known."""
        ...


async def report_on(
    *,
    operator: Operator,
    tariff: Tariff,
    session: Session,
    stop: Stop,
    readings: Sequence[Reading],
    timezone: str,
    market: SpotMarket,
) -> Report:
    """The price of a stopped session with all readings that are known.

    Raises PricingError (ReportTooLong if a line could not hold its report), StorageUnavailable.
    """
    charging = charging_of(session, stop, readings, timezone=timezone)
    spot_prices = await _spot_prices(operator.gln, tariff, start=stop.started_at, end=stop.ended_at, market=market)
    report = price_session(tariff=tariff, charging=charging, spot_prices=spot_prices)
    parts = [part for period in report.periods for part in period.dimensions]
    if len(parts) > MOST_PARTS or sum(len(part.passed_over) for part in parts) > MOST_PASSED_OVER:
        raise ReportTooLong(periods=len(report.periods))
    return report


def stop_as_in(line: Line, *, session: Session, stop: Stop) -> Stop:
    """The session's `stop` with the times and the energy that a line states, which may be a corrected one.

    The meter's register at the start stays what it was known to be: from there the readings count.
    """
    energy_wh = line.consumption_kwh * _WH_PER_KWH
    if (line.started_at, line.ended_at, energy_wh) == (stop.started_at, stop.ended_at, stop.energy_wh):
        return stop
    return corrected_stop(
        session=session, stop=stop, started_at=line.started_at, ended_at=line.ended_at, energy_wh=energy_wh
    )


def corrected_stop(
    *, session: Session, stop: Stop, started_at: datetime, ended_at: datetime, energy_wh: Decimal
) -> Stop:
    """The session's `stop` with other times and another energy; the register at the start stays as it was known."""
    return replace(
        stop,
        started_at=started_at,
        ended_at=ended_at,
        energy_wh=energy_wh,
        meter_start_wh=_register_at_start(session, stop),
        meter_end_wh=None,
    )


def charging_of(session: Session, stop: Stop, readings: Sequence[Reading], *, timezone: str) -> Charging:
    """What was measured of a stopped session, as it is priced."""
    return Charging(
        start=stop.started_at,
        end=stop.ended_at,
        energy_wh=stop.energy_wh,
        readings=tuple(
            PricedReading(at=each.at, energy_wh=each.register_wh, current_a=each.current_a) for each in readings
        ),
        register_at_start_wh=_register_at_start(session, stop),
        timezone=timezone,
    )


def timezone_at(path: Sequence[Site], operator: Operator) -> str:
    """That of the nearest site above that has one, else the operator's."""
    return inherited(tuple(path), lambda site: site.timezone) or operator.timezone


def _register_at_start(session: Session, stop: Stop) -> Decimal | None:
    """The meter's register in Wh when the session started: as the stop says, else its start, else counted back."""
    if stop.meter_start_wh is not None:
        return stop.meter_start_wh
    if session.start is not None and session.start.meter_start_wh is not None:
        return session.start.meter_start_wh
    return stop.meter_end_wh - stop.energy_wh if stop.meter_end_wh is not None else None


async def _spot_prices(gln: str, tariff: Tariff, *, start: datetime, end: datetime, market: SpotMarket) -> SpotPrices:
    needed = spot_days_needed(tariff, start=start, end=end)
    found = [await market.spot_day(gln, zone, day) for zone, day in needed]
    return SpotPrices(day for day in found if day is not None)
