"""What a price component may hold: exact numbers, one VAT rate, spot terms in their place, fees that do not count."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from shared.pricing import Dimension, tariff_as_document
from shared.pricing.tariff import Fee, FeeKind, PriceComponent, SpotTerms
from tests.unit.pricing.tariff_support import component, faults, flat, parsed, spot

type Change = Callable[[dict[str, Any]], Any]
FIRST = "elements[0].price_components[0]"


@pytest.mark.parametrize("where", ["price", "vat", "step_size"])
@pytest.mark.parametrize(
    "value",
    [3.2, True, False, "3.2", [], {}, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), float("nan"), -1,
     Decimal("-0.01"), 10**9, 10**400, 10**5000, Decimal("1E+999999"), Decimal("1E-999999"),
     Decimal("0.0000000000001")],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_not_a_sane_decimal_is_refused(where: str, value: object) -> None:
    document = flat()
    component(document)[where] = value
    assert list(faults(document)) == [f"{FIRST}.{where}"]


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ("price", -1, "must not be negative: write 0 or more"),
        ("price", 10**9, "must be below 1000000000"),
        ("price", Decimal("0.0000000000001"), "must have at most 12 decimals"),
        ("price", Decimal("NaN"), "must be a finite number"),
        ("price", "3.20", "must be a number"),
        ("price", None, "is required: write 0 if it is free"),
        ("vat", Decimal("100.0001"), "must be at most 100"),
        ("vat", Decimal("5.12345"), "must have at most 4 decimals"),
        ("step_size", Decimal("1.5"), "must be a whole number"),
        ("step_size", 1_000_001, "must be at most 1000000"),
        ("type", "energy", "must be one of ENERGY, TIME, PARKING_TIME, FLAT, ENERGY_SPOT, ENERGY_SPOT_LOCKED, "
                           "MONTHLY_FLAT, SOCKET_COUNT, CHARGER_COUNT"),
        ("type", ["ENERGY"], "must be one of"),
        ("type", None, "must be one of"),
    ],
)  # fmt: skip
def test_each_field_says_what_it_takes(where: str, value: object, message: str) -> None:
    document = flat()
    component(document)[where] = value
    for one_vat_rate in (True, False):
        found = faults(document, one_vat_rate=one_vat_rate)
        assert message in found.pop(f"{FIRST}.{where}")
        assert found == {}


@pytest.mark.parametrize("kind", ["ENERGY", "TIME", "PARKING_TIME", "FLAT"])
@pytest.mark.parametrize("one_vat_rate", [True, False])
def test_a_price_that_is_missing_is_not_zero(kind: str, one_vat_rate: bool) -> None:
    document = flat()
    document["elements"] = [{"price_components": [{"type": kind, "vat": 25}]}]
    assert faults(document, one_vat_rate=one_vat_rate) == {f"{FIRST}.price": "is required: write 0 if it is free"}


def test_digits_are_kept_as_they_were_written() -> None:
    document = flat()
    component(document).update(price=Decimal("3.200000000001"), vat=Decimal("25.0"), step_size=Decimal("1E+2"))
    component(document, 1).update(price=Decimal("4.00"), vat=Decimal("2.5E+1"))
    first, second = parsed(document).price_components
    assert (str(first.price), str(first.vat), first.step_size) == ("3.200000000001", "25.0", 100)
    assert (str(second.price), str(second.vat)) == ("4.00", "25")


@pytest.mark.parametrize("one_vat_rate", [True, False])
def test_two_prices_for_the_same_thing_are_refused(one_vat_rate: bool) -> None:
    document = flat()
    component(document, 1).update(type="ENERGY")
    found = faults(document, one_vat_rate=one_vat_rate)
    assert found["elements[0].price_components"].startswith("has 2 prices for ENERGY (ENERGY, ENERGY)")
    component(document).update(type="TIME")
    assert parsed(document, one_vat_rate=one_vat_rate).id == "flat"


@pytest.mark.parametrize("pair", [("ENERGY_SPOT", "ENERGY"), ("ENERGY_SPOT", "ENERGY_SPOT_LOCKED")])
def test_spot_prices_are_prices_of_energy_too(pair: tuple[str, str]) -> None:
    document = spot()
    second = {"type": pair[1], "price": 0, "vat": 25} | ({"biddingZone": "NO1"} if pair[1] != "ENERGY" else {})
    document["elements"][0]["price_components"].append(second)
    found = faults(document)
    assert found.pop("elements[0].price_components").startswith(f"has 2 prices for ENERGY ({', '.join(pair)})")
    assert found == {}


@pytest.mark.parametrize("kind", ["ENERGY_SPOT", "ENERGY_SPOT_LOCKED"])
def test_spot_terms_are_read_with_what_is_absent_changing_nothing(kind: str) -> None:
    document = spot()
    component(document).update(type=kind, price=0, margin=None)
    plain = SpotTerms(bidding_zone="NO1", is_locked=kind == "ENERGY_SPOT_LOCKED")
    (read,) = parsed(document).price_components
    assert read == PriceComponent(
        dimension=Dimension.ENERGY, price=Decimal(0), vat=Decimal(25), step_size=0, spot=plain
    )
    assert read.spot is not None
    assert read.spot.price(Decimal("0.8")) == Decimal("0.8")
    component(document).update(margin=Decimal("-0.05"), marginPercentage=-10, priceCap=2, costPercentage=50)
    (read,) = parsed(document).price_components
    assert read.spot == SpotTerms(
        bidding_zone="NO1",
        is_locked=plain.is_locked,
        margin=Decimal("-0.05"),
        margin_percentage=Decimal(-10),
        price_cap=Decimal(2),
        cost_percentage=Decimal(50),
    )


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (lambda t: component(t).update(price=1), "price", "must be left out: the price of ENERGY_SPOT follows"),
        (lambda t: component(t).pop("biddingZone"), "bidding_zone",
         "is required: ENERGY_SPOT follows the prices of one bidding zone"),
        (lambda t: component(t).update(biddingZone="NO6"), "bidding_zone",
         "must be one of NO1, NO2, NO3, NO4, NO5, SE1, SE2, SE3, SE4, FI, DK1, DK2"),
        (lambda t: component(t).update(biddingZone=["NO1"]), "bidding_zone", "must be one of"),
        (lambda t: component(t).update(margin=Decimal("0.0000000000001")), "margin", "at most 12 decimals"),
        (lambda t: component(t).update(margin=-(10**9)), "margin", "must be above -1000000000"),
        (lambda t: component(t).update(marginPercentage=Decimal("-100.1")), "margin_percentage",
         "must be at least -100"),
        (lambda t: component(t).update(marginPercentage=1001), "margin_percentage", "must be at most 1000"),
        (lambda t: component(t).update(priceCap=-1), "price_cap", "must not be negative"),
        (lambda t: component(t).update(costPercentage=-1), "cost_percentage", "must not be negative"),
        (lambda t: component(t).update(costPercentage=1001), "cost_percentage", "must be at most 1000"),
        (lambda t: t.update(tax_included="YES"), "type", "write tax_included NO and all prices without VAT"),
    ],
)  # fmt: skip
def test_spot_terms_that_make_no_price_are_refused(change: Change, field: str, message: str) -> None:
    document = spot()
    change(document)
    for one_vat_rate in (True, False):
        found = faults(document, one_vat_rate=one_vat_rate)
        assert message in found.pop(f"{FIRST}.{field}")
        assert found == {}


@pytest.mark.parametrize("kind", ["ENERGY", "TIME", "PARKING_TIME", "FLAT", "MONTHLY_FLAT"])
def test_spot_terms_on_what_follows_no_spot_price_are_refused(kind: str) -> None:
    terms = {"biddingZone": "NO1", "margin": 0, "margin_percentage": 1, "priceCap": 1, "cost_percentage": 100}
    document = flat()
    del document["elements"][0]["price_components"][1]
    component(document).update(terms, type=kind)
    found = faults(document, one_vat_rate=False)
    assert set(found) == {
        f"{FIRST}.{name}" for name in ("bidding_zone", "margin", "margin_percentage", "price_cap", "cost_percentage")
    }
    assert found[f"{FIRST}.margin"] == (
        f"must be left out: {kind} does not follow the spot price, only ENERGY_SPOT and ENERGY_SPOT_LOCKED do"
    )


@pytest.mark.parametrize("kind", ["MONTHLY_FLAT", "SOCKET_COUNT", "CHARGER_COUNT"])
def test_fees_are_kept_and_no_rule_for_sessions_holds_for_them(kind: str) -> None:
    document = flat() | {"tax_included": "NO"}
    document["elements"][0]["price_components"] += [
        {"type": kind},
        {"type": kind, "price": 79, "vat": 15, "step_size": 1},
    ]
    tariff = parsed(document)
    assert list(tariff.fees) == [
        Fee(kind=FeeKind(kind), price=None, vat=None, step_size=0),
        Fee(kind=FeeKind(kind), price=Decimal(79), vat=Decimal(15), step_size=1),
    ]
    assert tariff.vat_percent == 25
    assert tariff.max_price is not None
    printed: Any = tariff_as_document(tariff)
    assert printed["elements"][0]["price_components"][2:] == [
        {"type": kind, "step_size": 0},
        {"type": kind, "price": Decimal(79), "vat": Decimal(15), "step_size": 1},
    ]
    component(document, 3).update(price=-1, vat=101)
    assert set(faults(document)) == {"elements[0].price_components[3].price", "elements[0].price_components[3].vat"}


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (lambda t: component(t, 1).update(vat=15), "elements[0].price_components[1].vat",
         "is 15, but 25 before: an invoice line has one VAT rate, so write the same rate in all components"),
        (lambda t: component(t, 1).pop("vat"), "elements[0].price_components[1].vat",
         "is required: write the one rate of the invoice line"),
        (lambda t: component(t, 1).update(vat=None), "elements[0].price_components[1].vat", "is required"),
        (lambda t: component(t).pop("vat"), "elements[0].price_components[0].vat", "is required"),
        (lambda t: t["elements"].append({"price_components": [{"type": "TIME", "price": 1, "vat": 0}]}),
         "elements[1].price_components[0].vat", "is 0, but 25 before"),
        (lambda t: t["elements"].append({"price_components": [{"type": "TIME", "price": 1, "vat": 0}],
                                         "restrictions": {"reservation": "RESERVATION"}}),
         "elements[1].price_components[0].vat", "is 0, but 25 before"),
        (lambda t: t.update(currency="SEK"), "currency", "is SEK, but the operator's currency is NOK"),
        (lambda t: t.update(currency="XTS"), "currency", "XTS is not a currency that can be priced in: DKK, EUR, ISK"),
        (lambda t: t["max_price"].update(incl_vat=Decimal("500.01")), "max_price.incl_vat", "is 500.01"),
        (lambda t: t["elements"].__setitem__(0, {"price_components": [{"type": "MONTHLY_FLAT", "price": 79}]}),
         "elements", "price nothing of a session: write a component of the type ENERGY, TIME, PARKING_TIME or FLAT"),
        (lambda t: t["elements"][0].update(restrictions={"reservation": "RESERVATION_EXPIRES"}),
         "elements", "in an element that is not for reservations"),
    ],
)  # fmt: skip
def test_an_operator_whose_lines_we_price_needs_one_rate_and_its_currency(
    change: Change, field: str, message: str
) -> None:
    document = flat()
    change(document)
    found = faults(document)
    assert message in found.pop(field)
    assert found == {}
    assert parsed(document, one_vat_rate=False).id == "flat"


@pytest.mark.parametrize(("rates", "one"), [((25, Decimal("25.0")), Decimal(25)), ((25, 15), None), ((25, None), None),
                                            ((None, None), None), ((0, 0), Decimal(0))])  # fmt: skip
def test_the_vat_rate_of_a_tariff_is_known_only_if_all_parts_share_it(rates: tuple[Any, Any], one: Any) -> None:
    document = flat()
    component(document, 0)["vat"], component(document, 1)["vat"] = rates
    assert parsed(document, one_vat_rate=False).vat_percent == one


def test_where_no_tax_applies_there_is_no_rate_but_zero() -> None:
    document = flat() | {"tax_included": "N/A"}
    del document["max_price"]
    untaxed = "must be 0 or left out, because with tax_included N/A no tax applies"
    both = dict.fromkeys((f"{FIRST}.vat", "elements[0].price_components[1].vat"), untaxed)
    assert faults(document) == both
    assert faults(document, one_vat_rate=False) == both
    component(document).update(vat=0)
    component(document, 1).update(vat=None)
    assert faults(document) == {
        "elements[0].price_components[1].vat": "is required: write 0, because tax_included is N/A"
    }
    assert parsed(document, one_vat_rate=False).tax_included == "N/A"
    component(document, 1).update(vat=Decimal("0.00"))
    assert parsed(document).vat_percent == 0
