"""What was printed reads as the same tariff, and whatever comes is a tariff or refused."""

import copy
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from shared.json_documents import parse_json, print_json
from shared.pricing import Tariff, TariffRefused, tariff_as_document
from tests.unit.pricing.tariff_support import any_tariff, flat, parsed, spot

FIELDS = [
    "id", "currency", "elements", "price_components", "priceComponents", "type", "price", "vat", "step_size",
    "restrictions", "max_price", "excl_vat", "inclVat", "min_price", "tariff_alt_text", "tax_included", "energy_mix",
    "start_date_time", "endDateTime", "day_of_week", "minKwh", "start_time", "biddingZone", "reservation",
]  # fmt: skip
WORDS = ["ENERGY", "ENERGY_SPOT", "MONTHLY_FLAT", "NOK", "SEK", "YES", "N/A", "NO1", "RESERVATION", "00:00",
         "2026-01-01", "2026-01-01T00:00:00Z"]  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals(allow_nan=True)
    | st.sampled_from([Decimal("sNaN"), Decimal("1E+999999"), 10**400, -1, 0, 25, b"NOK"])
    | st.sampled_from(WORDS)
    | st.text(st.characters(codec=None), max_size=20)
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(st.characters(codec=None), max_size=5), inner, max_size=6)
    ),
    max_leaves=20,
)


def tariff_or_refusal(document: Any, *, one_vat_rate: bool) -> Tariff | TariffRefused:
    try:
        return parsed(document, one_vat_rate=one_vat_rate)
    except TariffRefused as refused:
        return refused


def check(answer: Tariff | TariffRefused, *, one_vat_rate: bool) -> None:
    """A tariff that can be printed and read again, or reasons that can be shown."""
    if isinstance(answer, Tariff):
        assert parsed(tariff_as_document(answer), one_vat_rate=one_vat_rate) == answer
        return
    assert answer.faults
    for fault in answer.faults:
        assert fault.field.encode()
        assert fault.message.encode()


@settings(deadline=None, max_examples=50)
@given(tariff=any_tariff())
def test_reading_what_was_printed_gives_the_same_tariff(tariff: Tariff) -> None:
    document = tariff_as_document(tariff)
    assert parsed(document, one_vat_rate=False) == tariff
    assert parsed(respelled(document), one_vat_rate=False) == tariff
    through_json: Any = parse_json(print_json(document).encode())
    assert parsed(through_json, one_vat_rate=False) == tariff
    assert tariff_as_document(parsed(through_json, one_vat_rate=False)) == document


def respelled(document: Any) -> Any:
    """The same in the platform's spelling."""
    if isinstance(document, list):
        return [respelled(each) for each in document]
    if not isinstance(document, dict):
        return document
    return {to_camel(name): respelled(value) for name, value in document.items()}


@settings(deadline=None, max_examples=200)
@given(document=anything, one_vat_rate=st.booleans())
@example(document={"\ud800": 1}, one_vat_rate=True)
@example(document={1: 2}, one_vat_rate=True)
@example(document={**flat(), "id": "\ud800"}, one_vat_rate=True)
@example(document={**flat(), "tariff_alt_text": [{"language": "nb", "text": "\ud800"}]}, one_vat_rate=True)
@example(document={**flat(), "taxIncluded": "\ud800", "{}": "{message}"}, one_vat_rate=True)
def test_whatever_comes_is_a_tariff_or_refused(document: Any, one_vat_rate: bool) -> None:
    check(tariff_or_refusal(document, one_vat_rate=one_vat_rate), one_vat_rate=one_vat_rate)


@settings(deadline=None, max_examples=100)
@given(data=st.data(), spoiled=anything, one_vat_rate=st.booleans())
def test_a_tariff_with_one_mutation_is_a_tariff_or_refused(
    data: st.DataObject, spoiled: Any, one_vat_rate: bool
) -> None:
    start = data.draw(st.sampled_from([flat(), spot()]) | any_tariff().map(tariff_as_document))
    document: Any = copy.deepcopy(start)
    place = data.draw(st.sampled_from(list(places(document))))
    if isinstance(place, list):
        place.insert(0, spoiled)
    else:
        kept, lost = data.draw(st.sampled_from(FIELDS) | st.sampled_from(list(place))), data.draw(st.booleans())
        place[kept] = spoiled
        if lost:
            del place[kept]
    check(tariff_or_refusal(document, one_vat_rate=one_vat_rate), one_vat_rate=one_vat_rate)


def places(document: Any) -> Iterator[Any]:
    """Every object and list in it."""
    if isinstance(document, dict | list):
        yield document
        for inner in document.values() if isinstance(document, dict) else document:
            yield from places(inner)


def test_a_refusal_quotes_neither_long_nor_unprintable_names() -> None:
    found = tariff_or_refusal({**flat(), "\u202e" + "x" * 100: 1}, one_vat_rate=True)
    assert isinstance(found, TariffRefused)
    (fault,) = found.faults
    assert fault.field == "'\\u202e" + "x" * 53 + "…"
