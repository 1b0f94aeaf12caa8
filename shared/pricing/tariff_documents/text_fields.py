"""The texts of a tariff: each type here is a pydantic field type that refuses in plain words."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, cast

from pydantic import PlainValidator, StringConstraints, ValidationInfo

from shared.money import known_currencies

from ..tariff import TaxIncluded
from .document_part import refuse, rules_of

_TAX_INCLUDED: Final = ("YES", "NO", "N/A")
_TARIFF_TYPES: Final = ("AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN", "REGULAR")
_URL_AT_MOST: Final = 255
_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


def word(*, out_of: tuple[str, ...]) -> Callable[[object], str]:
    """A reader of one of these words, spelled as they are."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in out_of:
            refuse(f"must be one of {', '.join(out_of)}")
        return value

    return read


def member[Kind: StrEnum](kinds: type[Kind]) -> Callable[[object], Kind]:
    """A reader of one of the words of an enumeration."""
    read = word(out_of=tuple(kinds))
    return lambda value: kinds(read(value))


def matching(pattern: str, *, otherwise: str) -> PlainValidator:
    """A text that matches as a whole."""
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            refuse(otherwise)
        return value

    return PlainValidator(read)


def _currency(value: object, info: ValidationInfo) -> str:
    rules = rules_of(info)
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{3}", value):
        refuse("must be a currency code of three capital letters, such as NOK")
    if rules.one_vat_rate and value not in known_currencies():
        refuse(f"{value} is not a currency that can be priced in: {', '.join(sorted(known_currencies()))} are")
    if rules.one_vat_rate and value != rules.currency:
        refuse(f"is {value}, but the operator's currency is {rules.currency}")
    return value


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 36 or not value.isprintable():
        refuse("must be a text of 1 to 36 printable characters")
    return value


def _tax_included(value: object, info: ValidationInfo) -> TaxIncluded:
    included = cast("TaxIncluded", word(out_of=_TAX_INCLUDED)(value))
    rules_of(info).tax_included = included
    return included


def _url(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"https?://\S+", value) or not value.isprintable():
        refuse("must be an address that begins with https:// or http://")
    if len(value) > _URL_AT_MOST:
        refuse(f"must have at most {_URL_AT_MOST} characters")
    return value


def _instant(value: object) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        refuse("must be a time as RFC 3339 has it, such as 2026-01-15T09:30:00Z")
    try:
        read = datetime.fromisoformat(value.upper())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        refuse("is a time that does not exist: write one such as 2026-01-15T09:30:00Z")


def _kept_instant(value: object) -> Any:
    _instant(value)
    return value


Currency = Annotated[str, PlainValidator(_currency)]
"""For an operator whose lines we price its own, for others any."""

Identifier = Annotated[str, PlainValidator(_identifier)]
TaxIncludedWord = Annotated[TaxIncluded, PlainValidator(_tax_included)]
TariffType = Annotated[str, PlainValidator(word(out_of=_TARIFF_TYPES))]
CountryCode = Annotated[str, matching(r"[A-Za-z]{2}", otherwise="must be a country code of two letters, such as NO")]
PartyId = Annotated[str, matching(r"[!-~]{1,3}", otherwise="must be a party's id of 1 to 3 characters, such as EMA")]
Language = Annotated[str, matching(r"[A-Za-z]{2}", otherwise="must be a language code of two letters, such as nb")]
DisplayText = Annotated[str, StringConstraints(max_length=512)]
Name = Annotated[str, StringConstraints(max_length=64)]
Url = Annotated[str, PlainValidator(_url)]

Instant = Annotated[datetime, PlainValidator(_instant)]
"""An aware datetime in UTC, read from RFC 3339; without an offset, as OCPI has it, the text is in UTC. Fractions of a
second beyond the sixth digit are cut.
"""

KeptInstant = Annotated[str, PlainValidator(_kept_instant)]
"""An instant that is kept as it was written."""
