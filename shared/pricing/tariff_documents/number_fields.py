"""The numbers of a tariff: exact decimals within bounds, so that everything made of them is exact."""

from decimal import Decimal
from typing import Annotated, Final

from pydantic import PlainValidator

from ..exact import printed
from .document_part import refuse

_BELOW: Final = Decimal(10) ** 9
_PRICE_DECIMALS: Final = 12
_VAT_DECIMALS: Final = 4
_STEP_SIZE_AT_MOST: Final = Decimal(1_000_000)
_PERCENTAGE_AT_MOST: Final = Decimal(1000)


def number(
    value: object,
    *,
    decimals: int = _PRICE_DECIMALS,
    at_least: Decimal | None = Decimal(0),
    at_most: Decimal | None = None,
) -> Decimal:
    """Ints and Decimals only, below a billion: a float has lost what was written, and `true` is not 1."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        refuse("must be a number, read as an exact decimal")
    exact = Decimal(value)
    if not exact.is_finite():
        refuse("must be a finite number")
    if at_least is not None and exact < at_least:
        refuse(f"must be at least {printed(at_least)}" if at_least else "must not be negative: write 0 or more")
    if at_most is not None and exact > at_most:
        refuse(f"must be at most {printed(at_most)}")
    if exact.copy_abs() >= _BELOW:
        refuse(f"must be below {printed(_BELOW)}" if exact > 0 else f"must be above -{printed(_BELOW)}")
    _, digits, exponent = exact.as_tuple()
    used = len(bytes(digits).rstrip(b"\0")) - len(digits) - int(exponent) if exact else 0
    if used > decimals:
        refuse(f"must have at most {decimals} decimals" if decimals else "must be a whole number")
    # Written out, so that neither an exponent nor a pile of zeros comes back in print.
    return Decimal(printed(exact, decimals=min(-int(exponent), decimals)))


def vat_percent(value: object) -> Decimal:
    """0 to 100, up to 4 decimals."""
    return number(value, decimals=_VAT_DECIMALS, at_most=Decimal(100))


def signed_amount(value: object) -> Decimal:
    """A margin: below a billion on either side of zero, up to 12 decimals."""
    return number(value, at_least=None)


def markup(value: object) -> Decimal:
    """From -100, which leaves nothing of the spot price, to 1000."""
    return number(value, at_least=Decimal(-100), at_most=_PERCENTAGE_AT_MOST)


def scale(value: object) -> Decimal:
    """0 to 1000."""
    return number(value, at_most=_PERCENTAGE_AT_MOST)


def _share(value: object) -> Decimal:
    return number(value, at_most=Decimal(100))


def _step_size(value: object) -> int:
    return 0 if value is None else int(number(value, decimals=0, at_most=_STEP_SIZE_AT_MOST))


Amount = Annotated[Decimal, PlainValidator(number)]
"""Zero or more, below a billion, up to 12 decimals."""

Share = Annotated[Decimal, PlainValidator(_share)]
"""A part of a whole in percent."""

StepSize = Annotated[int, PlainValidator(_step_size)]
"""Whole Wh or seconds; 0 if absent."""
