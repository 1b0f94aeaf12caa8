"""Reading a tariff: both spellings, all that is wrong at once, by name."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.pricing import tariff_as_document
from shared.pricing.energy_mix import EnergyMix, EnergySource, EnvironmentalImpact
from tests.unit.pricing.tariff_support import component, faults, flat, parsed

type Change = Callable[[dict[str, Any]], Any]
SAMPLES = Path(__file__).parents[2] / "samples"


def test_the_platforms_spelling_gives_the_same_tariff() -> None:
    ocpi = {
        "id": "evening",
        "currency": "NOK",
        "tax_included": "NO",
        "elements": [
            {
                "price_components": [
                    {"type": "ENERGY_SPOT", "bidding_zone": "NO1", "margin": 1, "margin_percentage": 5, "price_cap": 3,
                     "cost_percentage": 90, "vat": 25, "step_size": 1},
                    {"type": "PARKING_TIME", "price": 30, "vat": 25, "step_size": 60},
                ],
                "restrictions": {
                    "start_time": "16:00", "end_time": "20:00", "start_date": "2026-01-01", "end_date": "2026-02-01",
                    "min_kwh": 1, "max_kwh": 2, "min_current": 3, "max_current": 4, "min_power": 5, "max_power": 6,
                    "min_duration": 7, "max_duration": 8, "day_of_week": ["MONDAY"],
                },
            }
        ],
        "min_price": {"excl_vat": 4, "incl_vat": 5},
        "max_price": {"excl_vat": 400, "incl_vat": 500},
        "start_date_time": "2026-01-01T00:00:00Z",
        "end_date_time": "2027-01-01T00:00:00Z",
        "country_code": "NO",
        "party_id": "EMA",
        "type": "REGULAR",
        "tariff_alt_text": [{"language": "nb", "text": "Spot pluss 1 kr"}],
        "tariff_alt_url": "https://example.org/priser",
        "energy_mix": {
            "is_green_energy": True,
            "energy_sources": [{"source": "WATER", "percentage": 100}],
            "environ_impact": [{"category": "CARBON_DIOXIDE", "amount": 0}],
            "supplier_name": "Fjordkraft",
            "energy_product_name": "Vann",
        },
        "preauthorize_amount": 200,
        "last_updated": "2026-01-15T09:30:00Z",
    }  # fmt: skip
    tariff = parsed(ocpi)
    assert parsed(_in_camel_case(ocpi)) == tariff
    mixed = {**_in_camel_case(ocpi), "elements": ocpi["elements"]}
    assert parsed(mixed) == tariff
    assert tariff.energy_mix == EnergyMix(
        is_green_energy=True,
        energy_sources=(EnergySource(source="WATER", percentage=Decimal(100)),),
        environ_impact=(EnvironmentalImpact(category="CARBON_DIOXIDE", amount=Decimal(0)),),
        supplier_name="Fjordkraft",
        energy_product_name="Vann",
    )


def _in_camel_case(document: Any) -> Any:
    if isinstance(document, list):
        return [_in_camel_case(each) for each in document]
    if not isinstance(document, dict):
        return document
    return {_camel(name): _in_camel_case(value) for name, value in document.items()}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def test_what_is_null_is_absent() -> None:
    document: Any = flat() | dict.fromkeys(
        ["min_price", "startDateTime", "end_date_time", "tax_included", "energy_mix", "preauthorize_amount", "type",
         "tariff_alt_text", "tariffAltUrl", "last_updated", "country_code", "party_id"]
    )  # fmt: skip
    document["elements"][0]["restrictions"] = dict.fromkeys(["start_time", "maxKwh", "day_of_week", "reservation"])
    component(document).update(margin=None, marginPercentage=None, biddingZone=None, priceCap=None)
    assert parsed(document) == parsed(flat())
    component(document, 1).update(step_size=None)
    assert parsed(document) == parsed(flat())


def test_it_prints_as_ocpi_in_snake_case_with_exact_numbers() -> None:
    assert tariff_as_document(parsed(flat())) == {
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


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("tariff-*.json")), ids=lambda file: file.stem)
def test_the_samples_can_be_put(file: Path) -> None:
    document = json.loads(file.read_text("utf-8"), parse_float=Decimal)
    assert parsed(document).id == document["id"]


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (lambda t: t.update(discount=1), "discount", "unknown field: write one of id, currency, tax_included"),
        (lambda t: t["elements"][0].update(colour="red"), "elements[0].colour",
         "unknown field: write one of price_components, restrictions, or leave it out"),
        (lambda t: component(t).update(stepsize=5), "elements[0].price_components[0].stepsize",
         "unknown field: write one of type, price, vat, step_size,"),
        (lambda t: t["elements"][0].update(restrictions={"min_price": 1}), "elements[0].restrictions.min_price",
         "unknown field: write one of start_time,"),
        (lambda t: t["max_price"].update(before_taxes=1), "max_price.before_taxes",
         "unknown field: write one of excl_vat, incl_vat, or leave it out"),
        (lambda t: t.update(energy_mix={"is_green_energy": True, "colour": 1}), "energy_mix.colour",
         "unknown field: write one of is_green_energy,"),
        (lambda t: t.update(tariff_alt_text=[{"language": "nb", "text": "", "url": 1}]), "tariff_alt_text[0].url",
         "unknown field: write one of language, text"),
        (lambda t: component(t).update(stepSize=1), "elements[0].price_components[0].stepSize",
         "is step_size a second time: write one of the two"),
        (lambda t: t["max_price"].update(inclVat=500), "max_price.inclVat", "is incl_vat a second time"),
        (lambda t: t["elements"][0].update(priceComponents=[]), "elements[0].priceComponents",
         "is price_components a second time"),
        (lambda t: t["elements"][0].update(restrictions={"min_kwh": 1, "minKwh": 1}), "elements[0].restrictions.minKwh",
         "is min_kwh a second time"),
        (lambda t: t["elements"][0].update(restrictions="none"), "elements[0].restrictions", "must be an object"),
        (lambda t: t["elements"][0].update(price_components=[]), "elements[0].price_components", "must not be empty"),
        (lambda t: t["elements"].append(None), "elements[1]", "must be an object"),
        (lambda t: t.update(elements=[]), "elements", "must not be empty"),
        (lambda t: t.update(elements=t["elements"] * 201), "elements", "must have at most 200 entries"),
        (lambda t: t.update(elements={}), "elements", "must be a list"),
        (lambda t: t.pop("elements"), "elements", "is required"),
        (lambda t: t.pop("id"), "id", "is required"),
        (lambda t: t.update(id=""), "id", "1 to 36"),
        (lambda t: t.update(id="x" * 37), "id", "1 to 36"),
        (lambda t: t.update(id="a\nb"), "id", "printable"),
        (lambda t: t.pop("currency"), "currency", "is required"),
        (lambda t: t.update(currency="nok"), "currency", "three capital letters, such as NOK"),
        (lambda t: t.update(currency="NOKK"), "currency", "three capital letters, such as NOK"),
        (lambda t: t.update(tax_included=True), "tax_included", "must be one of YES, NO, N/A"),
        (lambda t: t.update(taxIncluded="yes"), "tax_included", "must be one of YES, NO, N/A"),
        (lambda t: t.update(type="SPECIAL"), "type",
         "must be one of AD_HOC_PAYMENT, PROFILE_CHEAP, PROFILE_FAST, PROFILE_GREEN, REGULAR"),
        (lambda t: t.update(country_code="NOR"), "country_code", "country code of two letters, such as NO"),
        (lambda t: t.update(party_id="EMAB"), "party_id", "1 to 3 characters, such as EMA"),
        (lambda t: t.update(tariff_alt_url="javascript:alert(1)"), "tariff_alt_url", "begins with https:// or http://"),
        (lambda t: t.update(tariff_alt_url="https://e.org/a b"), "tariff_alt_url", "begins with https:// or http://"),
        (lambda t: t.update(tariff_alt_url="https://" + "e" * 248), "tariff_alt_url", "at most 255 characters"),
        (lambda t: t.update(tariff_alt_text=[{"language": "nob", "text": ""}]), "tariff_alt_text[0].language",
         "language code of two letters, such as nb"),
        (lambda t: t.update(tariff_alt_text=[{"language": "nb", "text": "x" * 513}]), "tariff_alt_text[0].text",
         "at most 512 characters"),
        (lambda t: t.update(tariff_alt_text=[{"language": "nb", "text": 5}]), "tariff_alt_text[0].text",
         "must be a text"),
        (lambda t: t.update(last_updated=5), "last_updated", "a time as RFC 3339 has it"),
        (lambda t: t.update(last_updated="yesterday"), "last_updated", "such as 2026-01-15T09:30:00Z"),
        (lambda t: t.update(preauthorize_amount=-1), "preauthorize_amount", "must not be negative"),
        (lambda t: t.update(energy_mix={}), "energy_mix.is_green_energy", "is required"),
        (lambda t: t.update(energy_mix={"is_green_energy": "yes"}), "energy_mix.is_green_energy",
         "must be true or false"),
        (lambda t: t.update(energyMix={"isGreenEnergy": True, "energySources": [{"source": "PEAT", "percentage": 1}]}),
         "energy_mix.energy_sources[0].source",
         "must be one of NUCLEAR, GENERAL_FOSSIL, COAL, GAS, GENERAL_GREEN, SOLAR, WIND, WATER"),
        (lambda t: t.update(energy_mix={"is_green_energy": True,
                                        "energy_sources": [{"source": "GAS", "percentage": 101}]}),
         "energy_mix.energy_sources[0].percentage", "must be at most 100"),
        (lambda t: t.update(energy_mix={"is_green_energy": True,
                                        "environ_impact": [{"category": "NOISE", "amount": 1}]}),
         "energy_mix.environ_impact[0].category", "must be one of NUCLEAR_WASTE, CARBON_DIOXIDE"),
        (lambda t: t.update(energy_mix={"is_green_energy": True, "supplier_name": "x" * 65}),
         "energy_mix.supplier_name", "at most 64 characters"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_name_for_every_operator(change: Change, field: str, message: str) -> None:
    document = flat()
    change(document)
    for one_vat_rate in (True, False):
        found = faults(document, one_vat_rate=one_vat_rate)
        assert message in found.pop(field)
        assert found == {}


@pytest.mark.parametrize("document", [None, [], "tariff", 5, [flat()]])
def test_what_is_no_object_is_no_tariff(document: Any) -> None:
    assert faults(document) == {"tariff": "must be an object"}


def test_texts_may_be_as_long_as_ocpi_has_them() -> None:
    longest = {
        "id": "x" * 36,
        "tariff_alt_url": "https://" + "e" * 247,
        "tariff_alt_text": [{"language": "nb", "text": "ø" * 512}],
        "energy_mix": {"is_green_energy": False, "supplier_name": "ø" * 64, "energy_product_name": "ø" * 64},
        "party_id": "EMA",
    }
    assert tariff_as_document(parsed(flat() | longest)).items() >= longest.items()


def test_all_faults_come_at_once() -> None:
    document = flat() | {"currency": "SEK", "discount": 1, "type": "SPECIAL", "min_price": {"excl_vat": -1}}
    document["elements"].append(
        {
            "price_components": [{"type": "TIME", "price": -1}, {"type": "ENERGY_SPOT", "price": 1, "vat": 25}],
            "restrictions": {"min_kwh": 5, "max_kwh": 4, "start_time": "8:00", "colour": 1},
        }
    )
    component(document, 1)["vat"] = 15
    document["max_price"]["incl_vat"] = "much"
    assert set(faults(document)) == {
        "currency",
        "discount",
        "type",
        "min_price.excl_vat",
        "max_price.incl_vat",
        "elements[0].price_components[1].vat",
        "elements[1].price_components[0].price",
        "elements[1].price_components[0].vat",
        "elements[1].price_components[1].price",
        "elements[1].price_components[1].bidding_zone",
        "elements[1].restrictions.max_kwh",
        "elements[1].restrictions.start_time",
        "elements[1].restrictions.colour",
    }


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-15T09:30:00Z", datetime(2026, 1, 15, 9, 30, tzinfo=UTC)),
        ("2026-01-15t09:30:00.25z", datetime(2026, 1, 15, 9, 30, 0, 250_000, tzinfo=UTC)),
        ("2026-01-15T09:30:00", datetime(2026, 1, 15, 9, 30, tzinfo=UTC)),
        ("2026-01-15T09:30:00.1234567", datetime(2026, 1, 15, 9, 30, 0, 123_456, tzinfo=UTC)),
        ("2026-01-15T09:30:00+01:00", datetime(2026, 1, 15, 8, 30, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_tariff_is_valid_in_utc(written: str, read: datetime) -> None:
    tariff = parsed(flat() | {"end_date_time": written})
    assert tariff.ends == read
    assert tariff.ends.tzinfo is UTC
    assert parsed(flat() | {"startDateTime": written}).starts == read


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("2026-01-15", "must be a time as RFC 3339 has it, such as 2026-01-15T09:30:00Z"),
        ("2026-01-15T09:30Z", "must be a time as RFC 3339 has it"),
        ("2026-01-15 09:30:00Z", "must be a time as RFC 3339 has it"),
        ("2026-01-15T09:30:00+0100", "must be a time as RFC 3339 has it"),
        ("٢٠٢٦-01-15T09:30:00Z", "must be a time as RFC 3339 has it"),
        (1768469400, "must be a time as RFC 3339 has it"),
        ("2026-02-29T09:30:00Z", "is a time that does not exist"),
        ("2026-01-15T24:30:00Z", "is a time that does not exist"),
        ("2026-01-15T09:30:00+25:00", "is a time that does not exist"),
        ("0001-01-01T00:00:00+01:00", "is a time that does not exist"),
        ("9999-12-31T23:59:59-01:00", "is a time that does not exist"),
    ],
)
def test_a_time_that_is_none_is_refused(written: object, message: str) -> None:
    for field in ("start_date_time", "end_date_time"):
        found = faults(flat() | {field: written})
        assert message in found.pop(field)
        assert found == {}


@pytest.mark.parametrize("end", ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2025-12-31T23:59:59Z"])
def test_a_tariff_ends_after_it_starts(end: str) -> None:
    found = faults(flat() | {"start_date_time": "2026-01-01T00:00:00", "end_date_time": end})
    assert found == {"end_date_time": "must be after start_date_time, because the tariff would never be valid"}
