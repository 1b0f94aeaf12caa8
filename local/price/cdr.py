"""An OCPI CDR, or as much of one as is priced: start, end, currency and charging periods. All else is ignored.

Partners' records are often incomplete. What can mean only one thing is read, and a note says so; what would make a
price wrong is refused with the path of its field.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final, cast

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from shared.json_documents import DocumentRefused, FieldFault

_PRICED: Final = frozenset({"ENERGY", "TIME", "PARKING_TIME"})
_FOR_RESTRICTIONS: Final = frozenset({"MIN_POWER", "POWER", "MAX_POWER", "MIN_CURRENT", "CURRENT", "MAX_CURRENT"})
_NEVER_PRICED: Final = frozenset({"ENERGY_EXPORT", "ENERGY_IMPORT", "STATE_OF_CHARGE"})
RESERVATION_TIME: Final = "RESERVATION_TIME"
_NEEDED: Final = _PRICED | _FOR_RESTRICTIONS | {RESERVATION_TIME}
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_MESSAGES: Final = {
    "missing": "is required",
    "model_type": "must be an object",
    "list_type": "must be a list",
    "too_short": "must have at least one item",
}
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedPeriod:
    """A charging period as it is stated: `volumes` by OCPI's name of the dimension, in OCPI's units (kWh, h, kW, A)."""

    start: datetime
    volumes: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdr:
    """`currency` is None where it is not stated. `notes` say what was read leniently, and what was left out."""

    start: datetime
    end: datetime
    currency: str | None
    periods: tuple[StatedPeriod, ...]
    notes: tuple[str, ...]


def parse_cdr(document: object) -> Cdr:
    """The CDR in `document`, whose numbers are ints and Decimals. Raises DocumentRefused with every fault."""
    notes: Counter[str] = Counter()
    try:
        cdr = _CdrDocument.model_validate(document, context=notes)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise DocumentRefused(*(_shape_fault(detail) for detail in details)) from error
    faults = tuple(_faults(cdr))
    if faults:
        raise DocumentRefused(*faults)
    periods = tuple(
        StatedPeriod(start=period.start_date_time, volumes=period.volumes(notes=notes))
        for period in cdr.charging_periods
    )
    return Cdr(
        start=cdr.start_date_time,
        end=cdr.end_date_time,
        currency=cdr.currency,
        periods=periods,
        notes=tuple(note if count == 1 else f"{note} ({count} times)" for note, count in notes.items()),
    )


def _shape_fault(detail: ErrorDetails) -> FieldFault:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in detail["loc"])
    message = _MESSAGES.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    return FieldFault(field="".join(steps).removeprefix(".") or "CDR", message=message)


def _noted(info: ValidationInfo, note: str) -> None:
    cast("Counter[str]", info.context)[note] += 1


def _instant(value: object, info: ValidationInfo) -> datetime:
    if not isinstance(value, str) or not _TIME.match(value):
        raise ValueError("must be a time such as 2026-01-15T09:30:00Z")
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            _noted(info, "A time without an offset was read as UTC.")
            instant = instant.replace(tzinfo=UTC)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("must be a time such as 2026-01-15T09:30:00Z") from error


def _volume(value: object, info: ValidationInfo) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        _noted(info, "A volume that is written as a text was read as the number that it spells.")
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number such as 20.45")  # noqa: TRY004  pydantic turns only this into a fault
    return Decimal(value)


def _type(value: object, info: ValidationInfo) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= 36:
        raise ValueError("must be the name of a dimension, such as ENERGY")
    if value != value.upper():
        _noted(info, f"{value} was read as {value.upper()}.")
    return value.upper()


def _currency(value: object, info: ValidationInfo) -> str | None:
    if value is None:
        _noted(info, "The CDR states no currency: the tariff's was taken.")
        return None
    if not isinstance(value, str):
        raise ValueError("must be a currency code such as EUR")  # noqa: TRY004  pydantic turns only this into a fault
    return value


_Instant = Annotated[datetime, PlainValidator(_instant)]


class _DimensionDocument(BaseModel):
    type: Annotated[str, PlainValidator(_type)]
    volume: Annotated[Decimal | None, PlainValidator(_volume)] = None


class _PeriodDocument(BaseModel):
    start_date_time: _Instant
    dimensions: list[_DimensionDocument] | None = None

    def volumes(self, *, notes: Counter[str]) -> dict[str, Decimal]:
        """What can have an influence on the price; what is left out is noted."""
        found = {}
        if not self.dimensions:
            notes["A charging period states no dimensions."] += 1
        for stated in self.dimensions or []:
            if stated.type == "FLAT":
                notes["A volume of FLAT was left out: when it is due is for the tariff to say, once per session."] += 1
            elif stated.type in _NEVER_PRICED:
                notes[f"{stated.type} was left out: no tariff prices it."] += 1
            elif stated.volume is None:
                notes[f"{stated.type} has no volume: it counts as not stated."] += 1
            elif stated.type in _NEEDED:
                found[stated.type] = stated.volume
            else:
                notes[f"{stated.type} was left out: OCPI does not know it, and its volume is 0."] += 1
        return found


class _CdrDocument(BaseModel):
    model_config = ConfigDict(strict=True)

    start_date_time: _Instant
    end_date_time: _Instant
    currency: Annotated[str | None, PlainValidator(_currency), Field(validate_default=True)] = None
    charging_periods: Annotated[list[_PeriodDocument], Field(min_length=1)]


def _faults(cdr: _CdrDocument) -> Iterator[FieldFault]:
    """What only the whole of a charging period can tell."""
    for number, period in enumerate(cdr.charging_periods):
        seen: set[str] = set()
        for place, stated in enumerate(period.dimensions or []):
            path = f"charging_periods[{number}].dimensions[{place}]"
            if stated.type in _NEEDED and stated.type in seen:
                yield FieldFault(
                    field=f"{path}.type",
                    message=f"{stated.type} is stated twice in this period: state it once, or split the period",
                )
            seen.add(stated.type)
            if stated.type in _PRICED | {RESERVATION_TIME} and (stated.volume or 0) < 0:
                yield FieldFault(field=f"{path}.volume", message="must not be negative")
            if stated.type not in _NEEDED | _NEVER_PRICED | {"FLAT"} and stated.volume:
                yield FieldFault(
                    field=f"{path}.type",
                    message=f"{stated.type} is no dimension that OCPI knows: correct it, or leave it out if it is free",
                )
