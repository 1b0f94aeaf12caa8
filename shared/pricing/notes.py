"""What one would ask about the figures of a report, answered beforehand."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from .energy_curve import EnergyCurve
from .exact import printed
from .prepared import prepared
from .report import DimensionTotal, PricedDimension
from .stretch import Stretch
from .tariff import Dimension, Tariff
from .usage import Usage

_IN_WORDS: Final = {
    Dimension.ENERGY: "The energy",
    Dimension.TIME: "The charging time",
    Dimension.PARKING_TIME: "The time parked",
    Dimension.FLAT: "The session as such",
}
_ONLY_START_AND_STOP: Final = 2
_CLOCKS_DIFFER_SECONDS: Final = 60


def notes_on_session(*, tariff: Tariff, curve: EnergyCurve, stretches: Sequence[Stretch]) -> tuple[str, ...]:
    """On readings that were left out, and on what is known between those that were not."""
    notes = list(curve.notes)
    between = len([stretch for stretch in stretches if stretch.interpolated])
    if between:
        notes.append(
            f"{between} of {len(stretches)} periods begin or end between two readings: between those the energy is "
            "spread evenly over the time."
        )
    if prepared(tariff).prices_parking and len(curve.instants) <= _ONLY_START_AND_STOP and curve.energies_wh[-1]:
        notes.append("No reading between start and stop can be used: all of the time counts as charging.")
    return tuple(notes)


def notes_on_periods(*, tariff: Tariff, start: datetime, stretches: Sequence[Stretch]) -> tuple[str, ...]:
    """On times that the periods of a CDR state otherwise than their starts."""
    if not prepared(tariff).prices_time:
        return ()
    notes = []
    if stretches[0].start > start:
        silent = (stretches[0].start - start) // timedelta(seconds=1)
        notes.append(f"Nothing is stated of the first {silent} s of the session.")
    for number, each in enumerate(stretches, 1):
        stated = (each.charging_seconds or Decimal(0)) + (each.parking_seconds or Decimal(0))
        lasted = Decimal((each.end - each.start) // timedelta(seconds=1))
        if stated and abs(stated - lasted) > _CLOCKS_DIFFER_SECONDS:
            notes.append(f"Period {number} states {printed(stated)} s of charging and parking, and lasts {lasted} s.")
    return tuple(notes)


def notes_on_usage(
    *, tariff: Tariff, used: Sequence[Usage], parts: Sequence[PricedDimension], totals: Sequence[DimensionTotal]
) -> tuple[str, ...]:
    """On what the step size added, what is free, VAT that is not known, and fees that are not part of the price."""
    terms = prepared(tariff)
    without_vat = _without_vat(used) if None in terms.vat_rates else ()
    fees = (f"{terms.fees}: not due per session, and no part of this price.",) if terms.fees else ()
    return (*_rounded_up(totals, parts), *_free(totals, parts), *without_vat, *fees)


def _rounded_up(totals: Sequence[DimensionTotal], parts: Sequence[PricedDimension]) -> Iterator[str]:
    for total in totals:
        if total.billed == total.measured:
            continue
        priced = [part for part in parts if part.dimension is total.dimension and part.unit_price is not None]
        measured = sum((part.measured for part in priced), Decimal(0))
        billed = sum((part.billed for part in priced), Decimal(0))
        yield (
            f"{total.dimension}: {printed(measured)} {total.unit} were measured, {printed(billed)} {total.unit} are "
            "billed, because the step size rounds up."
        )


def _free(totals: Sequence[DimensionTotal], parts: Sequence[PricedDimension]) -> Iterator[str]:
    unpriced: dict[Dimension, Decimal] = {}
    for part in parts:
        if part.unit_price is None:
            unpriced[part.dimension] = unpriced.get(part.dimension, Decimal(0)) + part.measured
    for total in totals:
        free = unpriced.get(total.dimension)
        if free and free == total.measured:
            yield f"{_IN_WORDS[total.dimension]} is not charged for: the tariff has no price for it."
        elif free:
            yield (
                f"{total.dimension}: {printed(free)} of {printed(total.measured)} {total.unit} are not charged for: "
                "the tariff has no price for it that applied then."
            )


def _without_vat(used: Sequence[Usage]) -> Iterator[str]:
    without = {usage.dimension for usage in used if usage.price is not None and usage.vat is None}
    for dimension in Dimension:
        if dimension in without:
            yield f"{dimension} has no VAT rate in the tariff: its amount incl. VAT is the amount excl. VAT."
