"""From a CDR and a tariff to a report."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Context, Decimal
from typing import Final

from shared.json_documents import DocumentRefused, FieldFault
from shared.pricing import Period, Report, Span, SpotPrices, Tariff, price_periods

from .cdr import RESERVATION_TIME, Cdr, StatedPeriod

_EXACT: Final = Context(prec=200)
_WATT_HOURS: Final = Decimal(1000)
_SECONDS: Final = Decimal(3600)
_WATTS: Final = Decimal(1000)
_AMPERES: Final = Decimal(1)


def price_cdr(
    *, tariff: Tariff, cdr: Cdr, timezone: str = "Europe/Oslo", spot_prices: SpotPrices | None = None
) -> Report:
    """The report on the CDR's own periods, with the notes on how the CDR was read.

    Raises DocumentRefused where CDR and tariff do not go together, and PricingError where the engine does.
    """
    faults = tuple(_faults(tariff=tariff, cdr=cdr))
    if faults:
        raise DocumentRefused(*faults)
    report = price_periods(
        tariff=tariff,
        start=cdr.start,
        end=cdr.end,
        periods=[_period(stated) for stated in cdr.periods],
        timezone=timezone,
        spot_prices=spot_prices or SpotPrices(),
    )
    return replace(report, notes=(*report.notes, *cdr.notes, *_notes(tariff=tariff, cdr=cdr)))


def _faults(*, tariff: Tariff, cdr: Cdr) -> Iterator[FieldFault]:
    if cdr.currency not in {None, tariff.currency}:
        yield FieldFault(
            field="currency",
            message=f"is {cdr.currency}, but the tariff's is {tariff.currency}: amounts are never converted",
        )
    if any(element.restrictions.reservation is not None for element in tariff.elements):
        for number, period in enumerate(cdr.periods):
            if period.volumes.get(RESERVATION_TIME):
                yield FieldFault(
                    field=f"charging_periods[{number}].dimensions",
                    message="the tariff has a price for reservations, and reservations are not priced here: "
                    f"leave {RESERVATION_TIME} out to price the charging alone",
                )


def _notes(*, tariff: Tariff, cdr: Cdr) -> Iterator[str]:
    if tariff.includes_vat:
        yield "The tariff's prices include VAT: costs excl. VAT are what is left without it."
    if any(period.volumes.get(RESERVATION_TIME) for period in cdr.periods):
        yield f"{RESERVATION_TIME} was left out: the tariff has no price for reservations."


def _period(stated: StatedPeriod) -> Period:
    """Wh, seconds, W and A instead of kWh, hours, kW and A; what is not stated stays so."""
    return Period(
        start=stated.start,
        energy_wh=_in(_WATT_HOURS, stated, "ENERGY"),
        charging_seconds=_in(_SECONDS, stated, "TIME"),
        parking_seconds=_in(_SECONDS, stated, "PARKING_TIME"),
        power_w=Span(low=_in(_WATTS, stated, "MIN_POWER", "POWER"), high=_in(_WATTS, stated, "MAX_POWER", "POWER")),
        current_a=Span(
            low=_in(_AMPERES, stated, "MIN_CURRENT", "CURRENT"), high=_in(_AMPERES, stated, "MAX_CURRENT", "CURRENT")
        ),
    )


def _in(unit: Decimal, stated: StatedPeriod, *dimensions: str) -> Decimal | None:
    """The first of the dimensions that is stated; `unit` is how many of the engine's make one of OCPI's."""
    for dimension in dimensions:
        if dimension in stated.volumes:
            return _EXACT.multiply(stated.volumes[dimension], unit)
    return None
