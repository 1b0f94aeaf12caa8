"""Pure: a session's energy as the series that Utility Cloud prices itself."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from shared.billing import MeterValue

from .energy_curve import energy_curve
from .session import Reading, Stop

QUARTER = timedelta(minutes=15)
_WH_PER_KWH = Decimal(1000)


def meter_values(stop: Stop, readings: Sequence[Reading]) -> tuple[MeterValue, ...]:
    """Consecutive intervals from start to end, cut at each quarter hour and nowhere else, whose energies add up exactly
    to the session's.
    """
    curve = energy_curve(stop, readings)
    cuts = [stop.started_at, *_quarters_within(stop.started_at, stop.ended_at), stop.ended_at]
    energies = [Decimal(0), *(curve.at(cut) for cut in cuts[1:-1]), stop.energy_wh]
    return tuple(
        MeterValue(
            started_at=cuts[index],
            ended_at=cuts[index + 1],
            kwh=(energies[index + 1] - energies[index]) / _WH_PER_KWH,
        )
        for index in range(len(cuts) - 1)
    )


def _quarters_within(start: datetime, end: datetime) -> Iterator[datetime]:
    """The quarter hours after `start` and before `end`. Every time zone's quarters are UTC's too."""
    cut = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0) + QUARTER
    while cut < end:
        yield cut
        cut += QUARTER
