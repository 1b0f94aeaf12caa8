"""Fields of the API's documents, each with what it must be."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict
from pydantic.alias_generators import to_camel

from shared.money import known_currencies

from .notice_settings import secret_fault

_LARGEST_ID = 2**53 - 1  # what every JSON parser reads exactly
_MAX_PATTERN = 200
_MAX_ID_BYTES = 100
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters, ends of lines, and what turns the direction of the text around it."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class EdgeModel(BaseModel):
    """A JSON object of the API: names in camelCase, nothing converted in silence, nothing unknown passed over."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        hide_input_in_errors=True,
        defer_build=True,  # a cold start does not wait for what it may never need
    )


def id_fault(value: str) -> str | None:
    """Why `value` is no id of a tariff or charger, or None: 1 to 100 printable bytes, no blank at either end."""
    if not value or len(value.encode()) > _MAX_ID_BYTES:
        return f"must have 1 to {_MAX_ID_BYTES} bytes"
    if not value.isprintable() or value != value.strip():
        return "must be printable, without blanks at its ends"
    return None


def text_fault(value: str) -> str | None:
    """Why `value` is no text that people read as it is stored, or None."""
    return "has characters that cannot be seen" if _INVISIBLE.search(value) else None


def calendar_date(value: object) -> date:
    """The date that `value` writes as YYYY-MM-DD. Raises ValueError, with what to write instead."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"there is no day {value} in the calendar") from None
    raise ValueError("must be a date written YYYY-MM-DD, such as 2026-01-15")


def _identifier(value: str) -> str:
    if fault := id_fault(value):
        raise ValueError(fault)
    return value


def _visible(value: str) -> str:
    if fault := text_fault(value):
        raise ValueError(fault)
    return value


def _currency(value: str) -> str:
    if value not in known_currencies():
        raise ValueError(f"must be one of {', '.join(sorted(known_currencies()))}")
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone of the IANA database, such as Europe/Oslo") from None
    return value


def pattern_fault(value: str) -> str | None:
    """Why `value` is no pattern of accounting points, or None."""
    import re2

    if not 0 < len(value) <= _MAX_PATTERN:
        return f"must have 1 to {_MAX_PATTERN} characters"
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(value, options)
    except re2.error as error:
        reason = (
            error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else str(error)
        )
        return f"must be a regular expression as RE2 understands it, which says: {reason}"
    return None


def _pattern(value: str) -> str:
    if fault := pattern_fault(value):
        raise ValueError(fault)
    return value


def _scope(value: str) -> str:
    if not value.endswith("/.default") or not value.isprintable():
        raise ValueError("must be the App ID URI followed by /.default")
    return value


def _notice_secret(value: str) -> str:
    if fault := secret_fault(value):
        raise ValueError(fault)
    return value


def _decimal(value: object) -> object:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


CalendarDate = Annotated[
    date, Strict(False), BeforeValidator(calendar_date), PlainSerializer(date.isoformat, return_type=str)
]
"""A date without a time; as text, and only as text, `YYYY-MM-DD`."""
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_visible)]
Label = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_visible)]
Identifier = Annotated[str, AfterValidator(_identifier), Field(json_schema_extra={"minLength": 1})]
Number = Annotated[int, Field(ge=0, le=_LARGEST_ID)]
Kilowatts = Annotated[Decimal, BeforeValidator(_decimal), Field(gt=0, le=100_000)]
Currency = Annotated[str, AfterValidator(_currency)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Pattern = Annotated[str, AfterValidator(_pattern), Field(min_length=1, max_length=_MAX_PATTERN)]
TagPrefix = Annotated[str, Field(pattern=r"^[!-~]{1,8}$")]
Url = Annotated[str, Field(min_length=1, max_length=2000)]
DirectoryId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$")]
TokenScope = Annotated[str, AfterValidator(_scope), Field(max_length=500)]
Secret = Annotated[str, Field(min_length=1, max_length=4000, json_schema_extra={"writeOnly": True})]
NoticeSecret = Annotated[
    str, AfterValidator(_notice_secret), Field(max_length=200, json_schema_extra={"writeOnly": True})
]
