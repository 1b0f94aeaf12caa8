"""The kinds of fields in what Utility Cloud receives, and how a fault in one of them is told."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z", re.ASCII)
_LARGEST = 10**12
_MOST_DIGITS = 28  # what Decimal arithmetic keeps exactly


class FieldFault(NamedTuple):
    """One thing wrong with a body: the field's path as the sender wrote it, and what was expected."""

    field: str
    message: str


def faults_of(error: ValidationError) -> list[FieldFault]:
    """Every fault that the validation found, in the order of the fields."""
    return [
        FieldFault(".".join(str(part) for part in fault["loc"]) or "(body)", fault["msg"])
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def as_answer(faults: Iterable[FieldFault]) -> list[dict[str, str]]:
    """The faults as the JSON list that a refused sender gets."""
    return [fault._asdict() for fault in faults]


def _from_json_number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a JSON number")  # noqa: TRY004 - pydantic turns ValueError into a field's fault
    if not -_LARGEST < value < _LARGEST:
        raise ValueError("is beyond what a session can cost or consume")
    number = Decimal(value)
    if len(number.as_tuple().digits) > _MOST_DIGITS:
        raise ValueError(f"has more than {_MOST_DIGITS} digits")
    return number


def _from_utc_text(value: object) -> datetime:
    if not isinstance(value, str) or not _UTC.fullmatch(value):
        raise ValueError("must be an ISO 8601 time in UTC that ends in Z")
    return datetime.fromisoformat(value)


JsonNumber = Annotated[Decimal, BeforeValidator(_from_json_number)]
UtcTime = Annotated[datetime, BeforeValidator(_from_utc_text)]
Identifier = Annotated[str, Field(min_length=1, max_length=100)]
