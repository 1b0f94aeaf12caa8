"""How a session's energy grew over its time, from readings that may be few, late, repeated or wrong."""

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from .charging import Charging, Reading
from .pricing_error import EnergyOffGrid

GRID_WH: Final = Decimal("0.001")
_STEPS_PER_WH: Final = Decimal(1000)
READINGS_TOLERANCE_WH: Final = Decimal(100)
"""By so much a session's energy and its register may differ: two meters, or one that is rounded."""

_BELOW: Final = Decimal(10) ** 15
_MICROSECOND: Final = timedelta(microseconds=1)

_NO_START: Final = "without a register at the start to count from"
_EARLY: Final = "at or before the start"
_LATE: Final = "at or after the stop"
_REPEATED: Final = "repeated at the instant of another"
_BEYOND: Final = "beyond the energy at the stop"
_FALLEN: Final = "falling back against the others"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyCurve:
    """Cumulative energy in Wh since the start at `instants` (UTC), never falling, from 0 to the session's energy.

    `currents_a` are those measured last at the instants, before the first measurement that; None throughout if there
    was none. `notes` name the readings that were left out.
    """

    instants: tuple[datetime, ...]
    energies_wh: tuple[Decimal, ...]
    currents_a: tuple[Decimal | None, ...]
    notes: tuple[str, ...]

    def at(self, instant: datetime) -> Decimal:
        """Energy in Wh from the start to `instant`: spread evenly between two readings, on a grid of 0.001 Wh.

        Differences of this are what periods get, so that parts always add up to the whole.
        """
        number = self.last_by(instant)
        return self.after(number, instant) if number >= 0 else Decimal(0)

    def last_by(self, instant: datetime) -> int:
        """The number of the last of the instants by `instant`, -1 if it lies before them all."""
        return bisect_right(self.instants, instant) - 1

    def after(self, number: int, instant: datetime) -> Decimal:
        """The energy at `instant`, where it is known that `number` is the last by then."""
        so_far, after = self.energies_wh[number], number + 1
        if after == len(self.instants) or self.energies_wh[after] == so_far:
            return so_far
        before = self.instants[number]
        passed, whole = (instant - before) // _MICROSECOND, (self.instants[after] - before) // _MICROSECOND
        grown = int((self.energies_wh[after] - so_far) * _STEPS_PER_WH)
        # In whole numbers: half up, without a quotient that would be rounded before.
        steps = (2 * grown * passed + whole) // (2 * whole)
        return so_far + steps * GRID_WH

    def reached(self, energy_wh: Decimal) -> datetime:
        """The first microsecond by which `energy_wh` (above 0, at most the session's) had been charged."""
        after = bisect_left(self.energies_wh, energy_wh)
        if self.energies_wh[after] == energy_wh:
            return self.instants[after]
        before, missing = self.instants[after - 1], energy_wh - self.energies_wh[after - 1]
        whole = (self.instants[after] - before) // _MICROSECOND
        grown = self.energies_wh[after] - self.energies_wh[after - 1]
        return before + -(-int(missing / GRID_WH) * whole // int(grown / GRID_WH)) * _MICROSECOND


def energy_curve(charging: Charging) -> EnergyCurve:
    """The curve of a session that does not end before it starts.

    Readings are sorted by time, those of one instant by their register. Left out are: all, where the register at the
    start is not known; those at or before the start (their current counts at the start), and at or after the end; of
    several at one instant all but the lowest; one more than READINGS_TOLERANCE_WH beyond the session's energy (within
    it, it is taken for the whole); and as few others as can be, so that the register never falls.
    Raises EnergyOffGrid for one that is finer than 0.001 Wh, or no number.
    """
    start, end = charging.start.astimezone(UTC), charging.end.astimezone(UTC)
    if not charging.readings:
        return _straight(start, end, charging.energy_wh)
    left_out: Counter[str] = Counter()
    current_at_start: Decimal | None = None
    points: list[tuple[datetime, Decimal, Decimal | None]] = []
    readings = sorted([(each.at.astimezone(UTC), each.energy_wh, each) for each in charging.readings], key=_order)
    zero = charging.register_at_start_wh
    if zero is not None:
        _refuse_off_grid(zero)
    for at, register, reading in readings:
        if at <= start and reading.current_a is not None:
            current_at_start = reading.current_a
        fault = _fault(at, start=start, end=end, last=points[-1][0] if points else start)
        energy = charging.energy_wh
        if zero is None:
            fault = _NO_START
        elif fault is None and (energy := register - zero) > charging.energy_wh:
            fault = _BEYOND if energy > charging.energy_wh + READINGS_TOLERANCE_WH else None
            energy = charging.energy_wh
        if fault is None:
            points.append((at, energy, reading.current_a))
        else:
            left_out[fault] += 1
    rising = _rising(points)
    if len(rising) < len(points):
        left_out[_FALLEN] = len(points) - len(rising)
    points = [(start, Decimal(0), current_at_start), *rising]
    if end > points[-1][0]:
        points.append((end, charging.energy_wh, None))
    else:
        points[-1] = (end, charging.energy_wh, points[-1][2])
    return EnergyCurve(
        instants=tuple(at for at, _, _ in points),
        energies_wh=tuple(energy for _, energy, _ in points),
        currents_a=tuple(_carried([current for _, _, current in points])),
        notes=tuple(_notes(charging.readings, [reading for _, _, reading in readings], left_out)),
    )


def _straight(start: datetime, end: datetime, energy_wh: Decimal) -> EnergyCurve:
    """From the start to the end, where nothing else is known."""
    if start == end:
        return EnergyCurve(instants=(end,), energies_wh=(energy_wh,), currents_a=(None,), notes=())
    return EnergyCurve(instants=(start, end), energies_wh=(Decimal(0), energy_wh), currents_a=(None, None), notes=())


def _order(read: tuple[datetime, Decimal, Reading]) -> tuple[datetime, Decimal]:
    """By the instant in UTC: two times of one zone are compared by the clock on the wall, which shows some twice."""
    at, register, _ = read
    _refuse_off_grid(register)
    return at, register


def _refuse_off_grid(register: Decimal) -> None:
    if not (register.is_finite() and abs(register) < _BELOW and not register % GRID_WH):
        raise EnergyOffGrid(energy_wh=register)


def _fault(at: datetime, *, start: datetime, end: datetime, last: datetime) -> str | None:
    if at <= start:
        return _EARLY
    if at >= end:
        return _LATE
    return _REPEATED if at == last else None


def _rising[P: tuple[datetime, Decimal, Decimal | None]](points: list[P]) -> list[P]:
    """The longest part of `points` that never falls, nor lies below zero; of several the one that keeps the earlier."""
    points = [point for point in points if point[1] >= 0]
    if all(before[1] <= after[1] for before, after in pairwise(points)):
        return points
    # The longest chain, from the end: `ends[n]` is where the best chain of n + 1 points begins so far.
    highest: list[Decimal] = []
    ends: list[int] = []
    following: list[int | None] = [None] * len(points)
    for number in range(len(points) - 1, -1, -1):
        place = bisect_right(highest, -points[number][1])
        following[number] = ends[place - 1] if place else None
        if place == len(highest):
            highest.append(-points[number][1])
            ends.append(number)
        else:
            highest[place], ends[place] = -points[number][1], number
    chain: list[P] = []
    at: int | None = ends[-1]
    while at is not None:
        chain.append(points[at])
        at = following[at]
    return chain


def _carried(currents: list[Decimal | None]) -> list[Decimal | None]:
    """Each current until the next one; the first one before it too."""
    last = next((current for current in currents if current is not None), None)
    carried = []
    for current in currents:
        last = last if current is None else current
        carried.append(last)
    return carried


def _notes(came: tuple[Reading, ...], readings: list[Reading], left_out: Counter[str]) -> list[str]:
    notes = []
    if [id(each) for each in came] != [id(each) for each in readings]:
        notes.append("The readings came out of order; they were sorted by time.")
    if left_out:
        kinds = ", ".join(f"{count} {fault}" for fault, count in left_out.items())
        notes.append(f"{left_out.total()} of {len(readings)} readings left out: {kinds}.")
    return notes
