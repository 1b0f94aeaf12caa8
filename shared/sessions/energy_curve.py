"""Pure: how a session's energy grew over its time, from readings that may be few, late or wrong."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from .session import GRID_WH, Reading, Stop

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class EnergyCurve:
    """Cumulative energy in Wh since the start, at `instants`, never falling; from 0 to the session's energy."""

    instants: tuple[datetime, ...]
    energies_wh: tuple[Decimal, ...]

    def at(self, instant: datetime) -> Decimal:
        """Energy in Wh from the start to `instant`: spread evenly between two readings, on a grid of 0.001 Wh.

        Differences of this are what periods get, so that parts always add up to the whole.
        """
        after = bisect_right(self.instants, instant)
        if after == 0:
            return Decimal(0)
        before, so_far = self.instants[after - 1], self.energies_wh[after - 1]
        if after == len(self.instants):
            return so_far
        passed, whole = instant - before, self.instants[after] - before
        share = Decimal(passed // _MICROSECOND) / Decimal(whole // _MICROSECOND)
        return (so_far + (self.energies_wh[after] - so_far) * share).quantize(GRID_WH, rounding=ROUND_HALF_UP)


def energy_curve(stop: Stop, readings: Sequence[Reading]) -> EnergyCurve:
    """The curve of a stopped session.

    Registers count from the stop's first one, else from its last one back. A reading at or outside the session's ends,
    one that falls back behind an earlier one and one beyond the session's energy are left out; of several at one
    instant the first counts.
    """
    instants, energies = [stop.started_at], [Decimal(0)]
    zero = stop.meter_start_wh
    if zero is None and stop.meter_end_wh is not None:
        zero = stop.meter_end_wh - stop.energy_wh
    if zero is None:
        readings = ()
    for reading in sorted(readings, key=lambda each: each.at):
        energy = reading.register_wh - (zero or 0)
        if instants[-1] < reading.at < stop.ended_at and energies[-1] <= energy <= stop.energy_wh:
            instants.append(reading.at)
            energies.append(energy)
    if stop.ended_at > instants[-1]:
        instants.append(stop.ended_at)
        energies.append(stop.energy_wh)
    else:
        energies[-1] = stop.energy_wh
    return EnergyCurve(instants=tuple(instants), energies_wh=tuple(energies))
