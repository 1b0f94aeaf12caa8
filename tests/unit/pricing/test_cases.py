"""Every folder in tests/cases/pricing is a tariff, what was measured, and what it costs. A new case is a new folder."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.price import parse_cdr, price_cdr
from shared.json_documents import parse_json
from shared.pricing import Cap, Charging, Report, Tariff, parse_tariff, price_session

CASES = Path(__file__).parents[2] / "cases" / "pricing"


def read(case: Path, name: str) -> Any:
    return parse_json((case / name).read_bytes())


def priced(case: Path, tariff: Tariff) -> Report:
    if (case / "cdr.json").exists():
        return price_cdr(tariff=tariff, cdr=parse_cdr(read(case, "cdr.json")))
    session = read(case, "session.json")
    return price_session(
        tariff=tariff,
        charging=Charging(
            start=datetime.fromisoformat(session["start"]),
            end=datetime.fromisoformat(session["end"]),
            energy_wh=Decimal(session["energy_wh"]),
            readings=(),
            timezone=session["timezone"],
        ),
    )


def shown(cap: Cap | None) -> Any:
    if cap is None:
        return None
    sides = {"excl": cap.excl, "incl": cap.incl}
    return {side: bite and {"before": bite.before, "bound": bite.bound} for side, bite in sides.items()}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in sorted(CASES.iterdir())])
def test_it_costs_what_the_case_says(case: Path) -> None:
    tariff = parse_tariff(read(case, "tariff.json"), currency="NOK", one_vat_rate=False)
    expected = read(case, "expected.json")
    report = priced(case, tariff)
    paid = report.rounded
    billed = {total.dimension.value: (total.measured, total.billed) for total in report.totals}

    assert (report.total_excl, report.total_incl) == (expected["total_excl"], expected["total_incl"])
    assert shown(report.cap) == expected["cap"]
    assert expected["rounded"] == (
        paid and {"vat_percent": paid.vat_percent, "excl": paid.excl, "vat": paid.vat, "incl": paid.incl}
    )
    for dimension, volumes in expected.get("billed", {}).items():
        assert billed[dimension] == (volumes["measured"], volumes["billed"])


def test_there_are_cases() -> None:
    assert len(list(CASES.iterdir())) >= 25
