"""Whatever lies in the files of `make price`: a report or faults by field, never anything else."""

import copy
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.json_documents import parse_json
from tests.price_command import a_cdr, a_tariff, run_price

TARIFF = a_tariff(
    {"type": "ENERGY", "price": Decimal("0.25"), "vat": 10, "step_size": 100},
    {"type": "TIME", "price": 3, "vat": 10},
    {"type": "PARKING_TIME", "price": 3, "vat": 10, "step_size": 900},
)
CDR = a_cdr(
    ("10:00", {"ENERGY": 20, "TIME": Decimal("0.5"), "MIN_POWER": 11, "MAX_CURRENT": 32}),
    ("10:30", {"PARKING_TIME": Decimal("0.5")}),
    end="11:00",
)
SPOT = {"bidding_zone": "NO1", "date": "2026-01-15", "currency": "EUR", "resolution_minutes": 60, "prices": [1] * 24}
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(10**20), max_value=10**20),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6),
    st.text(max_size=8),
    st.sampled_from(
        ["N\nK", "2026-01-15T10:00:00", "9999-12-31T23:59:59-12:00", "ENERGY", "RESERVATION_TIME", "1.5", "EUR"]
    ),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to everything in the document."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path, *(place for name, inner in items for place in places(inner, (*path, name)))]


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    whole = copy.deepcopy(document)
    inner = whole
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return whole


def is_a_report_or_faults(tariff: object, cdr: object, spot_prices: object) -> None:
    printed = run_price(tariff, cdr, spot_prices=spot_prices)
    if printed.code == 0:
        assert parse_json(printed.out.encode())
        assert printed.err == ""
    else:
        assert (printed.code, printed.out) == (1, "")
        assert all(line.split(": ")[0] in {"tariff.json", "cdr.json", "spot.json"} for line in printed.err.splitlines())
        assert printed.err


@settings(max_examples=150, deadline=None)
@given(place=st.sampled_from(places(CDR)), value=ANYTHING)
def test_a_cdr_with_anything_in_one_place(place: tuple[Any, ...], value: object) -> None:
    is_a_report_or_faults(TARIFF, changed(CDR, place, value), [SPOT])


@settings(max_examples=150, deadline=None)
@given(place=st.sampled_from(places([SPOT])), value=ANYTHING)
def test_spot_prices_with_anything_in_one_place(place: tuple[Any, ...], value: object) -> None:
    is_a_report_or_faults(TARIFF, CDR, changed([SPOT], place, value))
