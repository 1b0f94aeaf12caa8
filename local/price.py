"""`python -m local.price TARIFF.json CDR.json [--timezone Europe/Oslo]`: prices an OCPI CDR with a tariff.

Standard output is the report alone, as JSON; costs unrounded. What is wrong with either file goes to standard error,
field by field, with exit code 1. Of the CDR only the start, the end, the currency and the charging periods are read.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from shared.json_documents import NotJson, parse_json, print_json
from shared.pricing import (
    Dimension,
    MissingVolume,
    Period,
    PeriodOutOfPlace,
    PricedDimension,
    PricingError,
    Report,
    Tariff,
    TariffRefused,
    VolumeOutOfRange,
    parse_tariff,
    price_periods,
)

_PRINTED: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
_EXACT: Final = Context(prec=200)
_READ: Final = {"ENERGY": Decimal(1000), "TIME": Decimal(3600), "PARKING_TIME": Decimal(3600)}
_NOT_PRICED: Final = frozenset(
    {
        "FLAT",
        "CURRENT",
        "ENERGY_EXPORT",
        "ENERGY_IMPORT",
        "MAX_CURRENT",
        "MIN_CURRENT",
        "MAX_POWER",
        "MIN_POWER",
        "POWER",
        "RESERVATION_TIME",
        "STATE_OF_CHARGE",
    }
)


class Refused(Exception):
    """The command cannot price this; each fault is one line that names the field."""

    def __init__(self, *, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def _instant(value: object) -> datetime:
    """OCPI: timestamps are UTC, with or without saying so."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}", value):
        raise ValueError("must be a time such as 2026-01-15T09:30:00Z")
    try:
        instant = datetime.fromisoformat(value)
        return (instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("must be a time such as 2026-01-15T09:30:00Z") from error


def _volume(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")  # noqa: TRY004  pydantic turns only this into a fault
    return Decimal(value)


def _dimension(value: object) -> str:
    if not isinstance(value, str) or value not in _READ.keys() | _NOT_PRICED:
        raise ValueError("must be a dimension that OCPI knows")
    return value


Instant = Annotated[datetime, PlainValidator(_instant)]


class _CdrDimension(BaseModel):
    type: Annotated[str, PlainValidator(_dimension)]
    volume: Annotated[Decimal, PlainValidator(_volume)]


def _each_once(dimensions: list[_CdrDimension]) -> list[_CdrDimension]:
    types = [dimension.type for dimension in dimensions]
    if len(set(types)) != len(types):
        raise ValueError("must have each type once")
    return dimensions


class _CdrPeriod(BaseModel):
    start_date_time: Instant
    dimensions: Annotated[list[_CdrDimension], AfterValidator(_each_once)]

    def period(self) -> Period:
        """Wh and seconds instead of kWh and hours; what is not stated stays so."""
        stated = {
            dimension.type: _EXACT.multiply(dimension.volume, _READ[dimension.type])
            for dimension in self.dimensions
            if dimension.type in _READ
        }
        return Period(
            start=self.start_date_time,
            energy_wh=stated.get("ENERGY"),
            charging_seconds=stated.get("TIME"),
            parking_seconds=stated.get("PARKING_TIME"),
        )


class Cdr(BaseModel):
    """A CDR, or as much of one as is priced; all else in it is ignored."""

    model_config = ConfigDict(strict=True)

    start_date_time: Instant
    end_date_time: Instant
    currency: str
    charging_periods: Annotated[list[_CdrPeriod], Field(min_length=1)]


def parse_cdr(document: object) -> Cdr:
    """The CDR in `document`, numbers read as Decimals. Raises Refused with every fault."""
    try:
        return Cdr.model_validate(document)
    except ValidationError as error:
        faults = (
            f"{_path(detail['loc'])}: {detail['msg'].removeprefix('Value error, ')}"
            for detail in error.errors(include_url=False, include_input=False)
        )
        raise Refused(faults=list(faults)) from error


def _path(location: tuple[int | str, ...]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return "".join(steps).removeprefix(".") or "CDR"


def price_cdr(*, tariff: Tariff, cdr: Cdr) -> Report:
    """The report on the CDR's own periods. Raises Refused, naming the field that stands in the way."""
    if cdr.currency != tariff.currency:
        raise Refused(faults=[f"currency: is {cdr.currency}, but the tariff's is {tariff.currency}"])
    periods = [stated.period() for stated in cdr.charging_periods]
    try:
        return price_periods(tariff=tariff, start=cdr.start_date_time, end=cdr.end_date_time, periods=periods)
    except PeriodOutOfPlace as error:
        raise Refused(faults=[f"charging_periods[{error.period}].start_date_time: {error}"]) from error
    except (MissingVolume, VolumeOutOfRange) as error:
        place = "" if error.period is None else f"[{error.period}].dimensions"
        raise Refused(faults=[f"charging_periods{place}: {error}"]) from error
    except PricingError as error:
        raise Refused(faults=[f"end_date_time: {error}"]) from error


def printed(report: Report) -> dict[str, object]:
    """The report in the words of OCPI's CDR: kWh and hours as measured, costs unrounded, 28 significant digits."""
    totals = {total.dimension: total for total in report.totals}

    def cost(dimension: Dimension) -> dict[str, Decimal]:
        total = totals.get(dimension)
        return _cost(excl=total.excl, incl=total.incl) if total else _cost(excl=Decimal(0), incl=Decimal(0))

    energy, parked = totals.get(Dimension.ENERGY), totals.get(Dimension.PARKING_TIME)
    whole_time = (report.end - report.start) // timedelta(microseconds=1)
    return {
        "currency": report.currency,
        "tariff_id": report.tariff_id,
        "total_cost": _cost(excl=report.total_excl, incl=report.total_incl),
        "total_energy": _digits(energy.measured if energy else Decimal(0)),
        "total_energy_cost": cost(Dimension.ENERGY),
        "total_time": _PRINTED.divide(Decimal(whole_time), Decimal(3_600_000_000)),
        "total_time_cost": cost(Dimension.TIME),
        "total_parking_time": _hours(parked.measured if parked else Decimal(0)),
        "total_parking_cost": cost(Dimension.PARKING_TIME),
        "total_fixed_cost": cost(Dimension.FLAT),
        "periods": [
            {
                "start_date_time": period.start,
                "end_date_time": period.end,
                "interpolated": period.interpolated,
                "dimensions": [_part(part) for part in period.dimensions],
            }
            for period in report.periods
        ],
        "notes": list(report.notes),
    }


def _part(part: PricedDimension) -> dict[str, object]:
    volume = _hours if part.unit == "s" else _digits
    return {
        "type": part.dimension.value,
        "volume": volume(part.measured),
        "billed_volume": volume(part.billed),
        "unit": part.price_unit,
        "price": part.unit_price,
        "vat": part.vat_percent,
        "cost": _cost(excl=part.excl, incl=part.incl),
        "element": part.element,
        "component": part.component,
        "passed_over": [{"element": other.element, "reason": other.reason} for other in part.passed_over],
    }


def _cost(*, excl: Decimal, incl: Decimal) -> dict[str, Decimal]:
    return {"excl_vat": _digits(excl), "incl_vat": _digits(incl)}


def _digits(value: Decimal) -> Decimal:
    return _PRINTED.plus(value)


def _hours(seconds: Decimal) -> Decimal:
    return _PRINTED.divide(seconds, Decimal(3600))


def _document(path: Path) -> object:
    try:
        return parse_json(path.read_bytes())
    except OSError as error:
        raise Refused(faults=[str(error.strerror)]) from error
    except NotJson as error:
        raise Refused(faults=[f"is not JSON: {error}"]) from error


def _tariff(path: Path) -> Tariff:
    document = _document(path)
    if not isinstance(document, dict):
        raise Refused(faults=["tariff: must be an object"])
    try:
        return parse_tariff(document, currency=str(document.get("currency")), one_vat_rate=False)
    except TariffRefused as error:
        raise Refused(faults=[f"{fault.field}: {fault.message}" for fault in error.faults]) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the report and returns 0, or says on standard error what is wrong and returns 1."""
    parser = argparse.ArgumentParser(prog="python -m local.price", description="Prices an OCPI CDR with a tariff.")
    parser.add_argument("tariff", type=Path, help="a tariff, JSON")
    parser.add_argument("cdr", type=Path, help="a CDR, JSON, or as much of one as is priced")
    parser.add_argument("--timezone", default="Europe/Oslo", help="of the site; no supported tariff depends on it")
    given = parser.parse_args(arguments)
    try:
        ZoneInfo(given.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        print(f"timezone: {given.timezone} is not a time zone", file=sys.stderr)
        return 1
    place = given.tariff
    try:
        tariff = _tariff(given.tariff)
        place = given.cdr
        report = price_cdr(tariff=tariff, cdr=parse_cdr(_document(given.cdr)))
    except Refused as error:
        print(*(f"{place}: {fault}" for fault in error.faults), sep="\n", file=sys.stderr)
        return 1
    print(print_json(printed(report)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
