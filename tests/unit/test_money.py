"""Rounding money: once, half away from zero, and net + VAT = gross."""

from decimal import ROUND_UP, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.money import (
    RoundedAmounts,
    UnknownCurrency,
    known_currencies,
    minor_digits,
    round_to_minor_unit,
    vat_out_of,
    with_vat,
)

amounts = st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, allow_infinity=False, places=6)
rates = st.decimals(min_value=0, max_value=100, allow_nan=False, allow_infinity=False, places=2)
currencies = st.sampled_from(sorted(known_currencies()))


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("10.875", "NOK", "10.88"),
        ("-10.875", "NOK", "-10.88"),
        ("10.865", "SEK", "10.87"),
        ("0.0049999999999999999999999999999999999999", "DKK", "0.00"),
        ("-0.004", "EUR", "0.00"),
        ("106.5", "ISK", "107"),
        ("-106.5", "ISK", "-107"),
        ("3", "EUR", "3.00"),
    ],
)
def test_half_a_minor_unit_goes_away_from_zero(amount: str, currency: str, rounded: str) -> None:
    assert str(round_to_minor_unit(amount=Decimal(amount), currency=currency)) == rounded


def test_the_currencies_and_their_minor_units() -> None:
    digits = {currency: minor_digits(currency=currency) for currency in known_currencies()}
    assert digits == {"NOK": 2, "SEK": 2, "DKK": 2, "EUR": 2, "ISK": 0}


def test_a_currency_without_a_known_minor_unit_is_refused_by_name() -> None:
    with pytest.raises(UnknownCurrency, match="'XTS'") as caught:
        with_vat(excl=Decimal(1), vat_percent=Decimal(25), currency="XTS")
    assert caught.value.currency == "XTS"


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_not_finite_is_not_money(amount: str) -> None:
    with pytest.raises(ValueError, match="not an amount of money"):
        round_to_minor_unit(amount=Decimal(amount), currency="NOK")


def test_vat_is_taken_of_the_rounded_net_amount() -> None:
    paid = with_vat(excl=Decimal("43.504"), vat_percent=Decimal(25), currency="NOK")
    assert (paid.excl, paid.vat, paid.incl) == (Decimal("43.50"), Decimal("10.88"), Decimal("54.38"))


def test_an_agreed_gross_amount_stays_what_it_is() -> None:
    paid = vat_out_of(incl=Decimal("100"), vat_percent=Decimal("25.5"), currency="EUR")
    assert (paid.excl, paid.vat, paid.incl) == (Decimal("79.68"), Decimal("20.32"), Decimal("100.00"))


def test_amounts_that_do_not_add_up_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        RoundedAmounts(
            currency="NOK", vat_percent=Decimal(25), excl=Decimal("1.00"), vat=Decimal("0.25"), incl=Decimal("1.26")
        )


@settings(deadline=None)
@given(amount=amounts, rate=rates, currency=currencies)
def test_net_and_vat_are_gross_in_whole_minor_units(amount: Decimal, rate: Decimal, currency: str) -> None:
    for paid in (
        with_vat(excl=amount, vat_percent=rate, currency=currency),
        vat_out_of(incl=amount, vat_percent=rate, currency=currency),
    ):
        assert paid.excl + paid.vat == paid.incl
        for part in (paid.excl, paid.vat, paid.incl):
            assert round_to_minor_unit(amount=part, currency=currency) == part


@settings(deadline=None)
@given(amount=amounts, rate=rates, currency=currencies)
def test_a_negated_amount_rounds_to_the_negated_figures(amount: Decimal, rate: Decimal, currency: str) -> None:
    paid = with_vat(excl=amount, vat_percent=rate, currency=currency)
    back = with_vat(excl=-amount, vat_percent=rate, currency=currency)
    assert (back.excl, back.vat, back.incl) == (-paid.excl, -paid.vat, -paid.incl)


@settings(deadline=None)
@given(amount=amounts, rate=rates, currency=currencies)
def test_the_callers_decimal_context_changes_nothing(amount: Decimal, rate: Decimal, currency: str) -> None:
    expected = with_vat(excl=amount, vat_percent=rate, currency=currency)
    with localcontext(prec=3, rounding=ROUND_UP):
        assert with_vat(excl=amount, vat_percent=rate, currency=currency) == expected
