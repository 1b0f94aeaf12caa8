"""Decimal arithmetic that loses nothing and does not depend on the caller's decimal context."""

from contextlib import AbstractContextManager
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
    Rounded,
    localcontext,
)
from typing import Final

_PRECISION: Final = 150
_LOUD: Final[list[type[DecimalException]]] = [InvalidOperation, DivisionByZero, Overflow, FloatOperation]


def _context(*, traps: list[type[DecimalException]]) -> Context:
    return Context(
        prec=_PRECISION,
        rounding=ROUND_HALF_EVEN,
        Emin=-999_999,
        Emax=999_999,
        capitals=1,
        clamp=0,
        flags=[],
        traps=traps,
    )


# What is read is bounded (tariff_document, charging), so that sums and products never need 150 digits. Should one
# ever, then it is an error here rather than a lost digit on an invoice.
_EXACT: Final = _context(traps=[*_LOUD, Inexact])
_DIVIDING: Final = _context(traps=_LOUD)
_shortest: Final = _DIVIDING.normalize
_written_out: Final = _context(traps=[*_LOUD, Rounded]).add
_GRID: Final = Decimal("1E-28")
_ZERO: Final = Decimal(0)


def exactly() -> AbstractContextManager[Context]:
    """Within it, sums and products of Decimals are exact; a digit lost or a float mixed in raises."""
    return localcontext(_EXACT)


def quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """`dividend / divisor` to 28 decimals, the only place where pricing divides; exact when it needs no more."""
    return canonical(_DIVIDING.quantize(_DIVIDING.divide(dividend, divisor), _GRID))


def significant(value: Decimal, *, digits: int) -> Decimal:
    """`value` to that many significant digits: for print, never to go on calculating with."""
    return canonical(Context(prec=digits, rounding=ROUND_HALF_EVEN, traps=_LOUD).plus(value))


def canonical(value: Decimal) -> Decimal:
    """The same number without trailing zeros, without exponent and, if it is zero, without sign."""
    if not value:
        return _ZERO
    # Zero, added, takes away an exponent above zero.
    return _written_out(_shortest(value), _ZERO)


def printed(value: Decimal, *, decimals: int = 0) -> str:
    """`value` in plain digits, all of them, and at least `decimals` after the point."""
    digits = format(canonical(value), "f")
    if decimals <= 0:
        return digits
    whole, _, fraction = digits.partition(".")
    return f"{whole}.{fraction.ljust(decimals, '0')}"
