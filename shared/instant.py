"""Instants at the edges: ISO 8601 text with an offset comes in, UTC with `Z` goes out."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer, Strict

# A bare number would otherwise be read as seconds since 1970.
_ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")


def utc_text(instant: datetime) -> str:
    """ISO 8601 in UTC with `Z`, microseconds only where there are any: how every timestamp leaves the system."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _only_iso_8601(value: object) -> object:
    if not isinstance(value, datetime) and not (isinstance(value, str) and _ISO_8601.match(value)):
        raise ValueError("must be a time with its offset, such as 2026-01-15T09:30:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the calendar") from error


Instant = Annotated[
    AwareDatetime,
    Strict(False),
    BeforeValidator(_only_iso_8601),
    AfterValidator(_in_utc),
    PlainSerializer(utc_text, return_type=str, when_used="json"),
]
"""An aware datetime in UTC, read from ISO 8601 text that carries an offset; more than six fractional digits are cut."""
