"""Amounts that can be paid: the minor unit of each currency, and the one place that rounds money."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, FloatOperation, InvalidOperation, Overflow
from typing import Final

_MINOR_DIGITS: Final = {"NOK": 2, "SEK": 2, "DKK": 2, "EUR": 2, "ISK": 0}

# ROUND_HALF_UP is decimal's name for half away from zero. The precision is far above what any amount has, so that
# the only digits that are ever lost are those that rounding to the minor unit means to lose.
_CONTEXT: Final = Context(
    prec=200,
    rounding=ROUND_HALF_UP,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero, Overflow, FloatOperation],
)


class UnknownCurrency(Exception):
    """Amounts in `currency` cannot be rounded: its minor unit is not known here."""

    def __init__(self, *, currency: str) -> None:
        super().__init__(f"the minor unit of the currency {currency!r} is not known")
        self.currency = currency


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundedAmounts:
    """What is charged, in whole minor units. `excl + vat == incl` always; anything else raises ValueError."""

    currency: str
    vat_percent: Decimal
    excl: Decimal
    vat: Decimal
    incl: Decimal

    def __post_init__(self) -> None:
        if _CONTEXT.add(self.excl, self.vat) != self.incl:
            raise ValueError(f"{self.excl} and VAT of {self.vat} do not add up to {self.incl}")


def known_currencies() -> frozenset[str]:
    """The currencies whose amounts can be rounded."""
    return frozenset(_MINOR_DIGITS)


def minor_digits(*, currency: str) -> int:
    """How many decimals an amount in `currency` has. Raises UnknownCurrency."""
    try:
        return _MINOR_DIGITS[currency]
    except KeyError:
        raise UnknownCurrency(currency=currency) from None


def round_to_minor_unit(*, amount: Decimal, currency: str) -> Decimal:
    """`amount` in whole minor units of `currency`, half away from zero; zero has no sign.

    The caller's decimal context does not matter. Raises UnknownCurrency, and ValueError for what is not finite.
    """
    if not amount.is_finite():
        raise ValueError(f"{amount} is not an amount of money")
    minor_unit = Decimal((0, (1,), -minor_digits(currency=currency)))
    rounded = amount.quantize(minor_unit, context=_CONTEXT)
    return rounded if rounded else rounded.copy_abs()


def with_vat(*, excl: Decimal, vat_percent: Decimal, currency: str) -> RoundedAmounts:
    """Rounds `excl`, then VAT as the rate times that rounded figure; incl. is their sum. Raises UnknownCurrency."""
    net = round_to_minor_unit(amount=excl, currency=currency)
    share = _CONTEXT.divide(vat_percent, Decimal(100))
    vat = round_to_minor_unit(amount=_CONTEXT.multiply(net, share), currency=currency)
    return RoundedAmounts(currency=currency, vat_percent=vat_percent, excl=net, vat=vat, incl=_CONTEXT.add(net, vat))


def vat_out_of(*, incl: Decimal, vat_percent: Decimal, currency: str) -> RoundedAmounts:
    """For an agreed gross figure: rounds `incl`, then VAT as rate / (100 + rate) of it; excl. is the difference.

    Raises UnknownCurrency.
    """
    gross = round_to_minor_unit(amount=incl, currency=currency)
    parts = _CONTEXT.multiply(gross, vat_percent)
    vat = round_to_minor_unit(amount=_CONTEXT.divide(parts, _CONTEXT.add(Decimal(100), vat_percent)), currency=currency)
    return RoundedAmounts(
        currency=currency, vat_percent=vat_percent, excl=_CONTEXT.subtract(gross, vat), vat=vat, incl=gross
    )
