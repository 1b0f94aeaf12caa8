"""From meter readings to stretches: a session is cut where its price may change, and nowhere else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from .boundaries import Boundaries
from .charging import UNKNOWN, Span
from .conditions import Moment
from .energy_curve import EnergyCurve
from .exact import quotient
from .matching import Match
from .phases import phases_of
from .prepared import Prepared, prepared
from .pricing_error import TooMuchToPrice
from .spot_lookup import spot_price_for
from .spot_price import SpotPrice, SpotPrices
from .stretch import Stretch
from .tariff import Dimension, Tariff

_MICROSECOND: Final = timedelta(microseconds=1)
_SECONDS: Final = Decimal("0.000001")
_MICROSECONDS_PER_HOUR: Final = 3_600_000_000
# About two seconds of work. A session of a year by a tariff of two hundred elements is a charger that lost its clock.
_MOST_QUESTIONS: Final = 500_000


class _Cut(NamedTuple):
    """An instant and the energy charged by then."""

    at: datetime
    energy_wh: Decimal
    is_between_readings: bool


class _Piece(NamedTuple):
    """From one cut to the next, within a phase of the session."""

    start: _Cut
    end: _Cut
    is_parked: bool
    has_energy: bool


@dataclass(slots=True)
class _Run:
    """Pieces in a row to which the same applies: one stretch."""

    start: _Cut
    end: _Cut
    is_parked: bool
    energy: Match | None
    time: Match
    spot: SpotPrice | None
    flat: Match | None

    def goes_on(self, following: "_Run") -> bool:
        """Whether all that applies is the same. A matcher's matches are the same object where they are the same."""
        return (
            following.flat is None
            and self.energy is following.energy
            and self.time is following.time
            and self.is_parked is following.is_parked
            and self.spot == following.spot
        )

    def stretch(self) -> Stretch:
        start, end, is_parked = self.start, self.end, self.is_parked
        seconds = (end.at - start.at) // _MICROSECOND * _SECONDS or None
        energy = end.energy_wh - start.energy_wh or None
        return Stretch(
            start=start.at,
            end=end.at,
            interpolated=energy is not None and (start.is_between_readings or end.is_between_readings),
            energy_wh=energy,
            charging_seconds=None if is_parked else seconds,
            parking_seconds=seconds if is_parked else None,
            energy=self.energy,
            charging=None if is_parked else self.time,
            parking=self.time if is_parked else None,
            flat=self.flat,
            spot=self.spot,
        )


def measured_stretches(*, tariff: Tariff, curve: EnergyCurve, zone: ZoneInfo, spot_prices: SpotPrices) -> list[Stretch]:
    """The session in stretches, in order, with what applies to each. Call it within `exactly()`.

    Raises MissingSpotPrice, SpotPriceInOtherCurrency, PowerUnknown, CurrentUnknown, TooMuchToPrice.
    """
    known = prepared(tariff)
    matcher = known.matcher
    runs: list[_Run] = []
    flat_is_due = True
    for number, piece in enumerate(_pieces(curve, known, zone)):
        moment = None if matcher.is_constant else _moment(piece, number, curve, zone, known.boundaries)
        energy = matcher.match(Dimension.ENERGY, moment) if piece.has_energy else None
        spot = spot_price_for(
            energy, at=piece.start.at, started=curve.instants[0], prices=spot_prices, currency=tariff.currency
        )
        time = matcher.match(Dimension.PARKING_TIME if piece.is_parked else Dimension.TIME, moment)
        flat = matcher.match(Dimension.FLAT, moment) if flat_is_due else None
        flat = flat if flat and flat.applied else None
        flat_is_due = flat_is_due and flat is None
        run = _Run(piece.start, piece.end, piece.is_parked, energy, time, spot, flat)
        if runs and runs[-1].goes_on(run):
            runs[-1].end = run.end
        else:
            runs.append(run)
    return [run.stretch() for run in runs]


def _pieces(curve: EnergyCurve, known: Prepared, zone: ZoneInfo) -> Iterator[_Piece]:
    """The session from cut to cut, phase by phase."""
    phases = phases_of(curve)
    if len(curve.instants) == 1:  # it ended the moment it started
        end = _Cut(at=curve.instants[0], energy_wh=curve.energies_wh[0], is_between_readings=False)
        start = end._replace(energy_wh=Decimal(0))
        yield _Piece(start=start, end=end, is_parked=phases[0].is_parked, has_energy=end.energy_wh > 0)
        return
    cuts = _cuts(curve, known.boundaries, zone)
    if len(cuts) * known.conditional_elements > _MOST_QUESTIONS:
        raise TooMuchToPrice(periods=len(cuts), elements=known.conditional_elements)
    waiting = iter(cuts)
    cut = next(waiting, None)
    for phase in phases:
        start, last = _reading(curve, phase.first), _reading(curve, phase.last)
        has_energy = last.energy_wh > start.energy_wh
        # A cut at a reading is that reading, so that they are equal as a whole.
        while cut is not None and cut <= start:
            cut = next(waiting, None)
        while cut is not None and cut < last:
            yield _Piece(start, cut, phase.is_parked, has_energy)
            start, cut = cut, next(waiting, None)
        yield _Piece(start, last, phase.is_parked, has_energy)


def _reading(curve: EnergyCurve, number: int) -> _Cut:
    return _Cut(curve.instants[number], curve.energies_wh[number], False)


def _cuts(curve: EnergyCurve, boundaries: Boundaries, zone: ZoneInfo) -> list[_Cut]:
    """Where the price may change, but for the ends of the phases, in order, each once."""
    if boundaries.are_none and not boundaries.is_momentary:
        return []
    found = []
    for instant in boundaries.instants(start=curve.instants[0], end=curve.instants[-1], zone=zone):
        number = curve.last_by(instant)
        found.append(_cut(curve, number, at=instant, energy_wh=curve.after(number, instant)))
    for energy in boundaries.energies_wh:
        if 0 < energy < curve.energies_wh[-1]:
            instant = curve.reached(energy)
            found.append(_cut(curve, curve.last_by(instant), at=instant, energy_wh=energy))
    if boundaries.is_momentary:
        found += [_reading(curve, number) for number in range(len(curve.instants))]
    found.sort()
    return [cut for number, cut in enumerate(found) if number == 0 or cut != found[number - 1]]


def _cut(curve: EnergyCurve, number: int, *, at: datetime, energy_wh: Decimal) -> _Cut:
    """Between the readings `number` and the next; certain at the first of them, and where the register stands still."""
    read = curve.energies_wh[number]
    is_reading = read == energy_wh and curve.instants[number] == at
    is_certain = is_reading or read == curve.energies_wh[min(number + 1, len(curve.instants) - 1)]
    return _Cut(at, energy_wh, not is_certain)


def _moment(piece: _Piece, number: int, curve: EnergyCurve, zone: ZoneInfo, boundaries: Boundaries) -> Moment:
    start = piece.start
    is_momentary = boundaries.is_momentary
    return Moment(
        number,
        start.at.astimezone(zone),
        start.energy_wh,
        start.at - curve.instants[0],
        power_w=cache(lambda: _power(curve, start.at)) if is_momentary else _nobody_asks,
        current_a=(lambda: _current(curve, start.at)) if is_momentary else _nobody_asks,
    )


def _nobody_asks() -> Span:
    return UNKNOWN


def _power(curve: EnergyCurve, at: datetime) -> Span:
    """The average between the two readings around."""
    number = curve.last_by(at)
    if number + 1 == len(curve.instants):
        return UNKNOWN
    grown = curve.energies_wh[number + 1] - curve.energies_wh[number]
    lasted = (curve.instants[number + 1] - curve.instants[number]) // _MICROSECOND
    power = quotient(grown * _MICROSECONDS_PER_HOUR, Decimal(lasted))
    return Span(low=power, high=power)


def _current(curve: EnergyCurve, at: datetime) -> Span:
    current = curve.currents_a[curve.last_by(at)]
    return Span(low=current, high=current)
