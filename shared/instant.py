"""Instants at the edges: ISO 8601 text with an offset comes in, UTC with `Z` goes out."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer, Strict

# A bare number would otherwise be read as seconds since 1970.
_ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")
_FIRST_YEAR, _LAST_YEAR = 1970, 2999


def utc_text(instant: datetime) -> str:
    """ISO 8601 in UTC with `Z`, microseconds only where there are any: how every timestamp leaves the system."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _only_iso_8601(value: object) -> object:
    if not isinstance(value, datetime) and not (isinstance(value, str) and _ISO_8601.match(value)):
        raise ValueError("must be a time with its offset, such as 2026-01-15T09:30:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        exact = value.astimezone(UTC)
    except OverflowError:
        exact = None
    # Towards the ends of the calendar, no hour can be added and no time zone reached.
    if exact is None or not _FIRST_YEAR <= exact.year <= _LAST_YEAR:
        raise ValueError(f"must be a time of the years {_FIRST_YEAR} to {_LAST_YEAR}, in UTC")
    return exact


Instant = Annotated[
    AwareDatetime,
    Strict(False),
    BeforeValidator(_only_iso_8601),
    AfterValidator(_in_utc),
    PlainSerializer(utc_text, return_type=str, when_used="json"),
]
"""An aware datetime in UTC, read from ISO 8601 text that carries an offset; more than six fractional digits are cut.
Its year is 1970 to 2999.
"""
