"""Reading a tariff: both spellings, everything that is wrong at once, by name, and nothing but TariffRefused."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.pricing import Tariff, TariffRefused, parse_tariff

type Change = Callable[[dict[str, Any]], Any]


def flat() -> dict[str, Any]:
    return {
        "id": "flat",
        "currency": "NOK",
        "elements": [
            {
                "price_components": [
                    {"type": "ENERGY", "price": Decimal("3.2"), "vat": 25, "step_size": 1},
                    {"type": "FLAT", "price": 4, "vat": 25},
                ]
            }
        ],
        "max_price": {"excl_vat": Decimal("400.00"), "incl_vat": Decimal("500.00")},
    }


def parsed(document: Any, *, one_vat_rate: bool = True) -> Tariff:
    return parse_tariff(document, currency="NOK", one_vat_rate=one_vat_rate)


def faults(document: Any, *, one_vat_rate: bool = True) -> dict[str, str]:
    with pytest.raises(TariffRefused) as caught:
        parsed(document, one_vat_rate=one_vat_rate)
    found = caught.value.faults
    assert isinstance(found, tuple)
    return {fault.field: fault.message for fault in found}


def component(document: dict[str, Any], number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = document["elements"][0]["price_components"][number]
    return found


def test_the_platforms_spelling_gives_the_same_tariff() -> None:
    platform = {
        "id": "flat",
        "currency": "NOK",
        "elements": [
            {
                "priceComponents": [
                    {"type": "ENERGY", "price": Decimal("3.20"), "vat": Decimal("25.0"), "stepSize": Decimal("1.0")},
                    {"type": "FLAT", "price": Decimal("4.0"), "vat": 25, "stepSize": None},
                ],
                "restrictions": {"startTime": None},
            }
        ],
        "maxPrice": {"exclVat": 400, "inclVat": 500},
        "minPrice": None,
    }
    assert parsed(platform) == parsed(flat())


def test_it_prints_as_ocpi_in_snake_case_with_exact_numbers() -> None:
    document = parsed(flat()).as_document()
    assert document == {
        "id": "flat",
        "currency": "NOK",
        "elements": [
            {
                "price_components": [
                    {"type": "ENERGY", "price": Decimal("3.2"), "vat": Decimal(25), "step_size": 1},
                    {"type": "FLAT", "price": Decimal(4), "vat": Decimal(25), "step_size": 0},
                ]
            }
        ],
        "max_price": {"excl_vat": Decimal(400), "incl_vat": Decimal(500)},
    }


def test_what_is_text_is_kept() -> None:
    text = {
        "country_code": "NO",
        "party_id": "EMA",
        "type": "REGULAR",
        "tariff_alt_text": [{"language": "nb", "text": "3,20 kr per kWh"}],
        "tariff_alt_url": "https://example.org/priser",
        "last_updated": "2026-01-15T09:30:00Z",
    }
    assert parsed(flat() | text).as_document().items() >= text.items()


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (lambda t: t["elements"][0].update(restrictions={"start_time": "16:00"}), "elements[0].restrictions.start_time",
         "restrictions are not supported yet"),
        (lambda t: t["elements"][0].update(restrictions={"dayOfWeek": []}), "elements[0].restrictions.day_of_week",
         "restrictions are not supported yet"),
        (lambda t: t["elements"][0].update(restrictions={"weather": 1}), "elements[0].restrictions.weather",
         "unknown field"),
        (lambda t: t["elements"][0].update(restrictions="none"), "elements[0].restrictions", "must be an object"),
        (lambda t: component(t).update(type="PARKING_TIME"), "elements[0].price_components[0].type",
         "PARKING_TIME is not supported yet"),
        (lambda t: component(t).update(type="ENERGY_SPOT"), "elements[0].price_components[0].type",
         "ENERGY_SPOT is not supported yet"),
        (lambda t: component(t).update(type="MONTHLY_FLAT"), "elements[0].price_components[0].type",
         "never part of a session's price"),
        (lambda t: component(t).update(type="energy"), "elements[0].price_components[0].type", "must be one of"),
        (lambda t: component(t).update(type=["ENERGY"]), "elements[0].price_components[0].type", "must be one of"),
        (lambda t: component(t).update(marginPercentage=5), "elements[0].price_components[0].margin_percentage",
         "is not supported yet"),
        (lambda t: component(t).update(colour="red"), "elements[0].price_components[0].colour", "unknown field"),
        (lambda t: component(t).update(stepSize=5), "elements[0].price_components[0].stepSize", "second step_size"),
        (lambda t: component(t).pop("price"), "elements[0].price_components[0].price", "is required"),
        (lambda t: component(t, 1).update(type="ENERGY"), "elements[0].price_components", "has 2 prices for ENERGY"),
        (lambda t: t["elements"][0].update(price_components=[]), "elements[0].price_components", "must not be empty"),
        (lambda t: t.update(min_price={"excl_vat": 1}), "min_price", "is not supported yet"),
        (lambda t: t.update(tax_included="YES"), "tax_included", "is not supported yet"),
        (lambda t: t.update(startDateTime="2026-01-01T00:00:00Z"), "start_date_time", "is not supported yet"),
        (lambda t: t.update(end_date_time="2026-01-01T00:00:00Z"), "end_date_time", "is not supported yet"),
        (lambda t: t.update(energy_mix={}), "energy_mix", "is not supported yet"),
        (lambda t: t.update(discount=1), "discount", "unknown field"),
        (lambda t: t.pop("id"), "id", "is required"),
        (lambda t: t.update(id=""), "id", "1 to 36"),
        (lambda t: t.update(id="x" * 37), "id", "1 to 36"),
        (lambda t: t.update(id="a\nb"), "id", "printable"),
        (lambda t: t.update(elements=[]), "elements", "must not be empty"),
        (lambda t: t.update(elements=t["elements"] * 101), "elements", "must have at most 100 entries"),
        (lambda t: t.update(elements={}), "elements", "must be a list"),
        (lambda t: t.pop("elements"), "elements", "is required"),
        (lambda t: t.update(currency="nok"), "currency", "three capital letters"),
        (lambda t: t.update(currency="XTS"), "currency", "XTS is not a currency that can be priced in"),
        (lambda t: t["max_price"].pop("excl_vat"), "max_price.excl_vat", "is required"),
        (lambda t: t.update(last_updated=5), "last_updated", "must be a text"),
        (lambda t: t.update(country_code="NOR"), "country_code", "at most 2 characters"),
    ],
)  # fmt: skip
def test_what_is_not_supported_or_wrong_is_refused_by_name(change: Change, field: str, message: str) -> None:
    document = flat()
    change(document)
    for one_vat_rate in (True, False):
        found = faults(document, one_vat_rate=one_vat_rate)
        assert message in found.pop(field)
        assert found == {}


@pytest.mark.parametrize("where", ["price", "vat", "step_size"])
@pytest.mark.parametrize(
    "value",
    [3.2, True, False, "3.2", [], {}, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), float("nan"), -1,
     Decimal("-0.01"), 10**9, 10**400, Decimal("1E+999999"), Decimal("1E-999999"), Decimal("0.0000000000001")],
)  # fmt: skip
def test_what_is_not_a_sane_decimal_is_refused(where: str, value: object) -> None:
    document = flat()
    component(document)[where] = value
    assert list(faults(document)) == [f"elements[0].price_components[0].{where}"]


@pytest.mark.parametrize(("where", "value"), [("vat", Decimal("100.01")), ("vat", Decimal("5.12345")),
                                              ("step_size", Decimal("1.5")), ("step_size", 1_000_001)])  # fmt: skip
def test_rates_and_steps_have_their_own_bounds(where: str, value: object) -> None:
    document = flat()
    component(document)[where] = value
    assert list(faults(document, one_vat_rate=False)) == [f"elements[0].price_components[0].{where}"]


def test_all_faults_come_at_once() -> None:
    document = flat() | {"currency": "SEK", "discount": 1}
    document["elements"].append({"price_components": [{"type": "TIME", "price": -1}], "restrictions": {"min_kwh": 1}})
    component(document, 1)["vat"] = 15
    assert set(faults(document)) == {
        "currency",
        "discount",
        "elements[0].price_components[1].vat",
        "elements[1].price_components[0].price",
        "elements[1].price_components[0].vat",
        "elements[1].restrictions.min_kwh",
    }


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (lambda t: component(t, 1).update(vat=15), "elements[0].price_components[1].vat", "must not mix rates"),
        (lambda t: component(t, 1).pop("vat"), "elements[0].price_components[1].vat", "is required"),
        (lambda t: component(t, 1).update(vat=None), "elements[0].price_components[1].vat", "is required"),
        (lambda t: t.update(currency="SEK"), "currency", "the operator's currency is NOK"),
        (lambda t: t["max_price"].update(incl_vat=Decimal("500.01")), "max_price.incl_vat", "is 500.00"),
    ],
)
def test_one_invoice_line_has_one_rate_and_one_currency(change: Change, field: str, message: str) -> None:
    document = flat()
    change(document)
    found = faults(document)
    assert message in found.pop(field)
    assert found == {}
    assert parsed(document, one_vat_rate=False).id == "flat"


def test_a_maximum_agrees_when_it_does_to_the_minor_unit() -> None:
    document = flat() | {"max_price": {"excl_vat": Decimal("8.03"), "incl_vat": Decimal("10.04")}}
    assert parsed(document).max_price is not None


@pytest.mark.parametrize(("rates", "one"), [((25, Decimal("25.0")), Decimal(25)), ((25, 15), None), ((25, None), None),
                                            ((None, None), None), ((0, 0), Decimal(0))])  # fmt: skip
def test_the_vat_rate_of_a_tariff_is_known_only_if_all_parts_share_it(rates: tuple[Any, Any], one: Any) -> None:
    document = flat()
    component(document, 0)["vat"], component(document, 1)["vat"] = rates
    assert parsed(document, one_vat_rate=False).vat_percent == one


prices = st.decimals(min_value=0, max_value=10**8, allow_nan=False, allow_infinity=False, places=4)
components = st.fixed_dictionaries(
    {"price": prices, "type": st.sampled_from(["ENERGY", "TIME", "FLAT"])},
    optional={
        "vat": st.none() | st.decimals(min_value=0, max_value=100, allow_nan=False, places=2),
        "step_size": st.none() | st.integers(min_value=0, max_value=1_000_000),
    },
)
tariffs = st.fixed_dictionaries(
    {
        "id": st.text(alphabet="abcXYZ-_ 09øæ", min_size=1, max_size=36),
        "currency": st.sampled_from(["NOK", "SEK", "ISK"]),
        "elements": st.lists(
            st.fixed_dictionaries(
                {"price_components": st.lists(components, min_size=1, max_size=3, unique_by=lambda c: c["type"])}
            ),
            min_size=1,
            max_size=4,
        ),
    },
    optional={
        "max_price": st.fixed_dictionaries({"excl_vat": prices}, optional={"incl_vat": prices}),
        "tariff_alt_text": st.lists(st.fixed_dictionaries({"language": st.just("nb"), "text": st.text(max_size=9)})),
        "party_id": st.just("EMA"),
    },
)


@settings(deadline=None)
@given(document=tariffs)
def test_reading_what_was_printed_gives_the_same_tariff(document: dict[str, Any]) -> None:
    tariff = parsed(document, one_vat_rate=False)
    assert parsed(tariff.as_document(), one_vat_rate=False) == tariff


names = st.sampled_from(
    ["id", "currency", "elements", "price_components", "priceComponents", "type", "price", "vat", "step_size",
     "restrictions", "max_price", "excl_vat", "inclVat", "ENERGY", "NOK", "min_price", "tariff_alt_text"]
)  # fmt: skip
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals(allow_nan=True)
    | names
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=5), inner, max_size=6),
    max_leaves=25,
)


def tariff_or_refusal(document: Any, *, one_vat_rate: bool) -> Tariff | TariffRefused:
    try:
        return parsed(document, one_vat_rate=one_vat_rate)
    except TariffRefused as refused:
        return refused


@settings(max_examples=300, deadline=None)
@given(document=anything, one_vat_rate=st.booleans())
def test_whatever_comes_is_a_tariff_or_refused(document: Any, one_vat_rate: bool) -> None:
    answer = tariff_or_refusal(document, one_vat_rate=one_vat_rate)
    if isinstance(answer, TariffRefused):
        assert answer.faults
        assert all(fault.field and fault.message for fault in answer.faults)


@settings(max_examples=300, deadline=None)
@given(document=tariffs, spoiled=anything, data=st.data())
def test_a_tariff_with_one_spoiled_part_is_a_tariff_or_refused(
    document: Any, spoiled: Any, data: st.DataObject
) -> None:
    places: list[Any] = [document, document["elements"][0], document["elements"][0]["price_components"][0]]
    place = data.draw(st.sampled_from(places))
    place[data.draw(st.sampled_from([*place, "restrictions", "step_size", "max_price"]))] = spoiled
    answer = tariff_or_refusal(document, one_vat_rate=data.draw(st.booleans()))
    if isinstance(answer, TariffRefused):
        assert answer.faults
    else:
        assert parsed(answer.as_document(), one_vat_rate=False) == answer
