"""A minimum and a maximum agree with the VAT rate and with each other."""

from decimal import Decimal
from typing import Any

import pytest

from shared.pricing.tariff import PriceLimit
from tests.unit.pricing.tariff_support import component, faults, flat, parsed


def limited(*, vat: Any = 25, tax_included: Any = None, **limits: Any) -> dict[str, Any]:
    """A tariff of one rate with these limits."""
    document = flat() | {"tax_included": tax_included}
    del document["max_price"]
    for number in (0, 1):
        component(document, number)["vat"] = vat
    return document | limits


def sides(excl: str, incl: str | None = None) -> dict[str, Decimal | None]:
    """A limit, as a document has it."""
    return {"excl_vat": Decimal(excl), "incl_vat": None if incl is None else Decimal(incl)}


@pytest.mark.parametrize("field", ["min_price", "max_price"])
@pytest.mark.parametrize(
    ("excl", "incl", "due"),
    [("400", "500.01", "500.00"), ("400", "499.99", "500.00"), ("8.03", "10.03", "10.04"), ("0", "0.01", "0.00")],
)
def test_net_limits_whose_gross_side_does_not_follow_are_refused(field: str, excl: str, incl: str, due: str) -> None:
    shown = f"{Decimal(excl):.2f}"
    assert faults(limited(**{field: sides(excl, incl)})) == {
        f"{field}.incl_vat": f"is {incl}, but excl_vat of {shown} with VAT of 25 % is {due}: "
        "write that, or leave it out"
    }
    assert parsed(limited(**{field: sides(excl, incl)}), one_vat_rate=False).id == "flat"
    assert parsed(limited(**{field: sides(excl, due)})).id == "flat"
    assert parsed(limited(**{field: sides(excl)})).id == "flat"


def test_net_sides_agree_to_the_minor_unit() -> None:
    assert parsed(limited(max_price=sides("8.03", "10.0375"))).max_price is not None
    assert parsed(limited(max_price=sides("8.03", "10.04"))).max_price is not None


@pytest.mark.parametrize("field", ["min_price", "max_price"])
@pytest.mark.parametrize(
    ("vat", "incl", "excl", "due"),
    [
        (25, "10.00", "8.01", "8.00"),
        (Decimal("25.5"), "10.00", "7.96", "7.97"),
        (25, "10.04", "8.02", "8.03"),
    ],
)
def test_gross_limits_whose_net_side_does_not_follow_are_refused(
    field: str, vat: Any, incl: str, excl: str, due: str
) -> None:
    def gross(**limits: Any) -> dict[str, Any]:
        return limited(vat=vat, tax_included="YES", **limits)

    assert faults(gross(**{field: sides(excl, incl)})) == {
        f"{field}.excl_vat": f"is {excl}, but incl_vat of {incl} without the VAT of {vat} % that is in it is {due}: "
        "write that"
    }
    assert parsed(gross(**{field: sides(excl, incl)}), one_vat_rate=False).id == "flat"
    assert parsed(gross(**{field: sides(due, incl)})).id == "flat"
    assert parsed(gross(**{field: sides(excl)})).id == "flat"


def test_which_side_follows_depends_on_what_the_prices_include() -> None:
    """At a rate of 100 %, half of 0.01 is rounded up into the VAT: net 0.00 and 0.01 lead to one gross each."""
    assert parsed(limited(vat=100, tax_included="YES", max_price=sides("0.00", "0.01"))).includes_vat
    assert set(faults(limited(vat=100, tax_included="YES", max_price=sides("0.01", "0.01")))) == {"max_price.excl_vat"}
    assert set(faults(limited(vat=100, tax_included="NO", max_price=sides("0.00", "0.01")))) == {"max_price.incl_vat"}
    assert parsed(limited(vat=100, tax_included="NO", max_price=sides("0.01", "0.02"))).max_price is not None


def test_the_rate_of_a_fee_says_nothing_of_a_limit() -> None:
    document = limited(max_price=sides("400", "500"))
    document["elements"].append({"price_components": [{"type": "MONTHLY_FLAT", "price": 1, "vat": 15}]})
    assert parsed(document).id == "flat"
    document["max_price"]["incl_vat"] = 460
    assert set(faults(document)) == {"max_price.incl_vat"}


@pytest.mark.parametrize("one_vat_rate", [True, False])
def test_a_maximum_below_the_minimum_is_refused(one_vat_rate: bool) -> None:
    below = limited(min_price=sides("10"), max_price=sides("9.99"))
    assert faults(below, one_vat_rate=one_vat_rate) == {
        "max_price.excl_vat": "is 9.99, below the minimum of 10.00: write that or more"
    }
    assert parsed(limited(min_price=sides("10"), max_price=sides("10")), one_vat_rate=one_vat_rate).id == "flat"


@pytest.mark.parametrize(
    ("least", "most", "shown"),
    [
        (sides("10", "13"), sides("10", "12.5"), "is 12.50, below the minimum of 13.00"),
        (sides("10"), sides("11", "12"), "is 12.00, below the minimum of 12.50"),
        (sides("10", "13"), sides("10"), "is 12.50, below the minimum of 13.00"),
    ],
)
def test_so_is_one_that_is_below_it_incl_vat(least: Any, most: Any, shown: str) -> None:
    found = faults(limited(min_price=least, max_price=most), one_vat_rate=False)
    assert found == {"max_price.incl_vat": f"{shown}: write that or more"}


def test_what_a_limit_is_incl_vat_is_not_guessed_where_rates_differ() -> None:
    document = limited(min_price=sides("10"), max_price=sides("11", "12"))
    component(document)["vat"] = 15
    assert parsed(document, one_vat_rate=False).id == "flat"
    for number in (0, 1):
        component(document, number)["vat"] = None
    document["max_price"]["incl_vat"] = Decimal("9.99")
    assert faults(document, one_vat_rate=False) == {
        "max_price.incl_vat": "is 9.99, below the minimum of 10.00: write that or more"
    }


def test_both_contradictions_of_a_maximum_come_at_once() -> None:
    found = faults(limited(min_price=sides("10"), max_price=sides("5", "5")))
    assert set(found) == {"max_price.excl_vat", "max_price.incl_vat"}


@pytest.mark.parametrize(
    ("limit", "field", "message"),
    [
        ({"incl_vat": 5}, "max_price.excl_vat", "is required"),
        ({"excl_vat": None}, "max_price.excl_vat", "must be a number"),
        ({"excl_vat": -1}, "max_price.excl_vat", "must not be negative"),
        ({"exclVat": 1, "inclVat": "1.25"}, "max_price.incl_vat", "must be a number"),
        (400, "max_price", "must be an object"),
    ],
)
def test_a_limit_is_an_object_with_its_net_side(limit: Any, field: str, message: str) -> None:
    found = faults(limited(max_price=limit))
    assert message in found.pop(field)
    assert found == {}


def test_limits_in_a_currency_without_a_known_minor_unit_are_taken_as_they_are() -> None:
    document = limited(max_price=sides("8", "11")) | {"currency": "CHF"}
    tariff = parsed(document, one_vat_rate=False)
    assert tariff.currency == "CHF"
    assert tariff.max_price == PriceLimit(excl=Decimal(8), incl=Decimal(11))
