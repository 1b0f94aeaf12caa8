"""What the fields of a tariff may hold. Each type here is a pydantic field type that refuses in plain words."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Final, Never, cast

from pydantic import Field, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from shared.money import known_currencies

from .exact import printed
from .tariff import Dimension

_PRICE_BELOW: Final = 1_000_000_000
_PRICE_DECIMALS: Final = 12
_VAT_DECIMALS: Final = 4
_STEP_SIZE_AT_MOST: Final = 1_000_000
_PRICED: Final = (Dimension.ENERGY, Dimension.FLAT, Dimension.TIME)
_NOT_YET: Final = frozenset({"PARKING_TIME", "ENERGY_SPOT", "ENERGY_SPOT_LOCKED"})
_NOT_PER_SESSION: Final = frozenset({"MONTHLY_FLAT", "SOCKET_COUNT", "CHARGER_COUNT"})


@dataclass(kw_only=True)
class OperatorRules:
    """What the operator demands of a tariff, and the VAT rates seen in it so far. One for each document that is read:
    pydantic hands it to the fields as their context, so that faults of the whole are found together with the others.
    """

    currency: str
    one_vat_rate: bool
    rates: list[Decimal] = field(default_factory=list)


def rules_of(info: ValidationInfo) -> OperatorRules:
    """The rules under which the document is read."""
    return cast("OperatorRules", info.context)


def refuse(message: str) -> Never:
    """Ends the reading of one field; the others are still read."""
    raise PydanticCustomError("refused", "{message}", {"message": message})


def _number(value: object, *, decimals: int) -> Decimal:
    """Ints and Decimals only: a float has lost what was written, and `true` is not 1."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        refuse("must be a number, read as an exact decimal")
    number = Decimal(value)
    if not number.is_finite():
        refuse("must be a finite number")
    if number.is_signed() and number:
        refuse("must not be negative")
    if number >= _PRICE_BELOW:
        refuse(f"must be below {_PRICE_BELOW}")
    _, digits, exponent = number.as_tuple()
    used = len(bytes(digits).rstrip(b"\0")) - len(digits) - int(exponent) if number else 0
    if used > decimals:
        refuse(f"must have at most {decimals} decimals")
    # Written out, so that neither an exponent nor a pile of zeros comes back in print.
    return Decimal(printed(number, decimals=min(-int(exponent), decimals)))


def _price(value: object) -> Decimal:
    return _number(value, decimals=_PRICE_DECIMALS)


def _vat(value: object, info: ValidationInfo) -> Decimal | None:
    rules = rules_of(info)
    if value is None:
        if rules.one_vat_rate:
            refuse("is required: each part of the price needs the one VAT rate of the invoice line")
        return None
    rate = _number(value, decimals=_VAT_DECIMALS)
    if rate > 100:
        refuse("must be at most 100")
    rules.rates.append(rate)
    if rules.one_vat_rate and rate != rules.rates[0]:
        refuse(
            f"is {printed(rate)}, but {printed(rules.rates[0])} before: "
            "an invoice line has one VAT rate, so the tariff must not mix rates"
        )
    return rate


def _step_size(value: object) -> int:
    if value is None:
        return 0
    number = _number(value, decimals=0)
    if number > _STEP_SIZE_AT_MOST:
        refuse(f"must be at most {_STEP_SIZE_AT_MOST}")
    return int(number)


def _dimension(value: object) -> Dimension:
    if isinstance(value, str) and value in _PRICED:
        return Dimension(value)
    if isinstance(value, str) and value in _NOT_YET:
        refuse(f"{value} is not supported yet")
    if isinstance(value, str) and value in _NOT_PER_SESSION:
        refuse(f"{value} is not due per session and never part of a session's price")
    refuse(f"must be one of {', '.join(_PRICED)}")


def _currency(value: object, info: ValidationInfo) -> str:
    rules = rules_of(info)
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{3}", value):
        refuse("must be a currency code of three capital letters")
    if value not in known_currencies():
        refuse(f"{value} is not a currency that can be priced in: {', '.join(sorted(known_currencies()))} are")
    if rules.one_vat_rate and value != rules.currency:
        refuse(f"is {value}, but the operator's currency is {rules.currency}")
    return value


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 36 or not value.isprintable():
        refuse("must be a text of 1 to 36 printable characters")
    return value


def _not_yet(value: object) -> None:
    if value is not None:
        refuse("is not supported yet")


def _no_restriction_yet(value: object) -> None:
    if value is not None:
        refuse("restrictions are not supported yet")


Price = Annotated[Decimal, PlainValidator(_price)]
"""Zero or more, below a billion, up to 12 decimals."""

VatPercent = Annotated[Decimal | None, PlainValidator(_vat), Field(validate_default=True)]
"""0 to 100, up to 4 decimals; None if absent."""

StepSize = Annotated[int, PlainValidator(_step_size)]
"""Whole Wh or seconds; 0 if absent."""

PricedDimensionName = Annotated[Dimension, PlainValidator(_dimension)]
Currency = Annotated[str, PlainValidator(_currency)]
Identifier = Annotated[str, PlainValidator(_identifier)]

NotYet = Annotated[None, PlainValidator(_not_yet)]
"""A field that OCPI or the platform knows and that would change the price: refused by name, unless it is null."""

NoRestrictionYet = Annotated[None, PlainValidator(_no_restriction_yet)]
