"""Pure: a session's energy as the series that Utility Cloud prices itself."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from shared.billing import MeterValue
from shared.pricing import Charging, energy_curve

QUARTER = timedelta(minutes=15)
# A longer series does not fit into a row; a charger that lost its clock reports such sessions.
LONGEST_SERIES = timedelta(days=31)
_WH_PER_KWH = Decimal(1000)


def meter_values(charging: Charging) -> tuple[MeterValue, ...]:
    """Consecutive intervals from start to end, cut at each quarter hour and nowhere else, whose energies add up exactly
    to the session's.
    """
    curve = energy_curve(charging)
    start, end = charging.start, charging.end
    cuts = [start, *_quarters_within(start, end), end]
    energies = [Decimal(0), *(curve.at(cut) for cut in cuts[1:-1]), charging.energy_wh]
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
