"""Every folder in tests/cases/pricing is a tariff, what was measured, and what it costs. A new case is a new folder.

`tariff.json`; `session.json`, or `cdr.json` with an optional `place.json`, or neither where the tariff is refused;
`spot.json` where prices follow the market; `expected.json`: totals, or an error with its facts, or the fields refused.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from shared.instant import utc_text
from shared.pricing import (
    Bite,
    Cap,
    PricedDimension,
    PricedPeriod,
    PricingError,
    Report,
    TariffRefused,
    parse_tariff,
    tariff_as_document,
)
from tests.unit.pricing.case_files import FOLDERS, is_priced, priced, read, tariff_in


def bite(of: Bite | None, expected: dict[str, Any] | None) -> Any:
    """What is expected of a bite says at least `before` and `bound`."""
    facts = of and {"limit": of.limit, "before": of.before, "bound": of.bound}
    return facts and {name: fact for name, fact in facts.items() if name != "limit" or "limit" in (expected or {})}


def check_cap(cap: Cap | None, expected: dict[str, Any] | None) -> None:
    sides = {"excl": cap.excl if cap else None, "incl": cap.incl if cap else None}
    wanted = expected or {"excl": None, "incl": None}
    assert {side: bite(of, wanted[side]) for side, of in sides.items()} == wanted
    assert (cap is None) == (expected is None)


def shown(part: PricedDimension) -> dict[str, Any]:
    return {"measured": part.measured, "unit_price": part.unit_price, "element": part.element, "excl": part.excl}


def check_periods(periods: tuple[PricedPeriod, ...], expected: list[dict[str, Any]]) -> None:
    """Each is there, no other is, and what is priced in it is what is stated, no more and no less."""
    bounds = [tuple(datetime.fromisoformat(each[side]) for side in ("start", "end")) for each in expected]
    assert [(period.start, period.end) for period in periods] == bounds
    for period, wanted in zip(periods, expected, strict=True):
        parts = {part.dimension.value: shown(part) for part in period.dimensions if part.measured}
        assert {name: part for name, part in parts.items() if part["element"] is not None} == wanted["dimensions"]
        assert period.interpolated is wanted.get("interpolated", period.interpolated)


def check_report(report: Report, expected: dict[str, Any]) -> None:
    paid = report.rounded
    billed = {total.dimension.value: {"measured": total.measured, "billed": total.billed} for total in report.totals}
    assert (report.total_excl, report.total_incl) == (expected["total_excl"], expected["total_incl"])
    assert expected["rounded"] == (
        paid and {"vat_percent": paid.vat_percent, "excl": paid.excl, "vat": paid.vat, "incl": paid.incl}
    )
    check_cap(report.cap, expected["cap"])
    for dimension, volumes in expected.get("billed", {}).items():
        assert billed[dimension] == volumes
    for text in expected.get("notes", []):
        assert any(text in note for note in report.notes), report.notes
    if "periods" in expected:
        check_periods(report.periods, expected["periods"])


def fact(value: Any) -> Any:
    return utc_text(value) if isinstance(value, datetime) else value


def refused_fields(case: Path, expected: dict[str, Any]) -> list[str]:
    document = read(case, "tariff.json")
    with pytest.raises(TariffRefused) as caught:
        parse_tariff(document, currency=expected.get("refused_for_currency", document["currency"]), one_vat_rate=True)
    return sorted(fault.field for fault in caught.value.faults)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in FOLDERS])
def test_it_costs_what_the_case_says(case: Path) -> None:
    expected = read(case, "expected.json")
    if "refused" in expected:
        assert refused_fields(case, expected) == sorted(expected["refused"])
        return
    tariff = tariff_in(case)
    if "error" in expected:
        with pytest.raises(PricingError) as caught:
            priced(case, tariff)
        assert type(caught.value).__name__ == expected["error"]
        facts = expected["facts"]
        assert {name: fact(getattr(caught.value, name)) for name in facts} == facts
        return
    check_report(priced(case, tariff), expected)


def test_there_are_cases() -> None:
    assert len(FOLDERS) >= 180


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in FOLDERS])
def test_a_case_has_the_files_that_it_needs_and_no_others(case: Path) -> None:
    names = {file.name for file in case.iterdir()}
    measured = names & {"session.json", "cdr.json"}
    refused = "refused" in read(case, "expected.json")
    assert names - measured - {"spot.json", "place.json"} == {"tariff.json", "expected.json"}
    assert len(measured) == (0 if refused else 1)
    assert measured == {"cdr.json"} or "place.json" not in names


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in FOLDERS if is_priced(case)])
def test_its_tariff_survives_being_printed(case: Path) -> None:
    tariff = tariff_in(case)
    assert parse_tariff(tariff_as_document(tariff), currency="NOK", one_vat_rate=False) == tariff
