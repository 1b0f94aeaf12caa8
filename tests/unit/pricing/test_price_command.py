"""`python -m local.price`: the report alone on standard output, or each fault by its field on standard error."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.price import main
from shared.json_documents import parse_json, print_json

ROOT = Path(__file__).parents[3]


def tariff() -> dict[str, Any]:
    components = [
        {"type": "ENERGY", "price": Decimal("0.25"), "vat": 10},
        {"type": "FLAT", "price": Decimal("0.50"), "vat": 20},
        {"type": "TIME", "price": 1, "vat": 10, "step_size": 600},
    ]
    return {"id": "t", "currency": "EUR", "elements": [{"price_components": components}]}


def cdr() -> dict[str, Any]:
    return {
        "start_date_time": "2026-01-15T10:00:00Z",
        "end_date_time": "2026-01-15T12:07:00",
        "currency": "EUR",
        "charging_periods": [
            {
                "start_date_time": "2026-01-15T10:00:00Z",
                "dimensions": [
                    {"type": "ENERGY", "volume": Decimal("20.0")},
                    {"type": "TIME", "volume": Decimal("1.1")},
                    {"type": "MAX_CURRENT", "volume": 32},
                ],
            },
            {
                "start_date_time": "2026-01-15T12:06:00+01:00",
                "dimensions": [{"type": "PARKING_TIME", "volume": Decimal("0.5")}],
            },
        ],
        "total_energy": "not read",
        "cdr_token": {"uid": "not read"},
    }


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def with_files(tariff: object, cdr: object, *options: str) -> tuple[int, str, str]:
        paths = tmp_path / "tariff.json", tmp_path / "cdr.json"
        for path, document in zip(paths, (tariff, cdr), strict=True):
            path.write_text(document if isinstance(document, str) else print_json(document), "utf-8")
        code = main([*map(str, paths), *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return with_files


type Run = Callable[..., tuple[int, str, str]]


def test_the_report_has_what_ocpi_calls_it(run: Run) -> None:
    code, out, err = run(tariff(), cdr(), "--timezone", "Europe/Helsinki")
    report: Any = parse_json(out.encode())
    periods, notes = report.pop("periods"), report.pop("notes")
    assert (code, err) == (0, "")
    assert report == {
        "currency": "EUR",
        "tariff_id": "t",
        "total_cost": {
            "excl_vat": Decimal("6.666666666666666666666666667"),
            "incl_vat": Decimal("7.383333333333333333333333333"),
        },
        "total_energy": 20,
        "total_energy_cost": {"excl_vat": 5, "incl_vat": Decimal("5.5")},
        "total_time": Decimal("2.116666666666666666666666667"),
        "total_time_cost": {
            "excl_vat": Decimal("1.166666666666666666666666667"),
            "incl_vat": Decimal("1.283333333333333333333333333"),
        },
        "total_parking_time": Decimal("0.5"),
        "total_parking_cost": {"excl_vat": 0, "incl_vat": 0},
        "total_fixed_cost": {"excl_vat": Decimal("0.5"), "incl_vat": Decimal("0.6")},
    }
    assert [period["end_date_time"] for period in periods] == ["2026-01-15T11:06:00Z", "2026-01-15T12:07:00Z"]
    assert [(part["type"], part["volume"]) for part in periods[0]["dimensions"]] == [
        ("ENERGY", 20),
        ("TIME", Decimal("1.1")),
        ("FLAT", 1),
    ]
    assert periods[1]["dimensions"][0]["price"] is None
    assert any(note.startswith("TIME: 3960 s were measured, 4200 s are billed") for note in notes)
    assert any("The time parked is not charged for" in note for note in notes)


def test_without_vat_gross_is_net_and_a_note_says_so(run: Run) -> None:
    document = tariff()
    del document["elements"][0]["price_components"][0]["vat"]
    _, out, _ = run(document, cdr())
    report: Any = parse_json(out.encode())
    assert report["total_energy_cost"] == {"excl_vat": 5, "incl_vat": 5}
    assert any("ENERGY has no VAT rate" in note for note in report["notes"])


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (lambda c: c.pop("end_date_time"), "end_date_time", "required"),
        (lambda c: c.update(currency="NOK"), "currency", "is NOK, but the tariff's is EUR"),
        (lambda c: c.update(charging_periods=[]), "charging_periods", "at least 1 item"),
        (lambda c: c.update(start_date_time=1), "start_date_time", "must be a time"),
        (lambda c: c.update(start_date_time="2026-02-30T10:00:00Z"), "start_date_time", "must be a time"),
        (lambda c: c.update(start_date_time="0001-01-01T00:00:00+05:00"), "start_date_time", "must be a time"),
        (lambda c: c.update(end_date_time="2026-01-15T09:00:00Z"), "end_date_time", "before it starts"),
        (lambda c: c["charging_periods"].reverse(), "charging_periods[1].start_date_time", "out of order"),
        (lambda c: c["charging_periods"][1].update(dimensions=[]), "charging_periods[1].dimensions", "TIME"),
        (lambda c: c["charging_periods"][0]["dimensions"][0].update(type="VOLTAGE"),
         "charging_periods[0].dimensions[0].type", "OCPI knows"),
        (lambda c: c["charging_periods"][0]["dimensions"][0].update(volume="20"),
         "charging_periods[0].dimensions[0].volume", "must be a number"),
        (lambda c: c["charging_periods"][0]["dimensions"][0].update(volume=True),
         "charging_periods[0].dimensions[0].volume", "must be a number"),
        (lambda c: c["charging_periods"][0]["dimensions"][0].update(volume=-1),
         "charging_periods[0].dimensions", "-1000"),
        (lambda c: c["charging_periods"][0]["dimensions"][1].update(type="ENERGY"),
         "charging_periods[0].dimensions", "each type once"),
        (lambda c: c["charging_periods"][0]["dimensions"].pop(0), "charging_periods", "ENERGY"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_cdr_is_said_by_field(
    run: Run, change: Callable[[dict[str, Any]], object], field: str, message: str
) -> None:
    document = cdr()
    change(document)
    code, out, err = run(tariff(), document)
    assert (code, out) == (1, "")
    assert f"cdr.json: {field}: " in err
    assert message in err


def test_what_is_wrong_with_the_tariff_is_said_by_field(run: Run) -> None:
    document = tariff() | {"min_price": {"excl_vat": 1}}
    document["elements"][0]["restrictions"] = {"start_time": "16:00"}
    code, out, err = run(document, cdr())
    assert (code, out) == (1, "")
    assert "tariff.json: elements[0].restrictions.start_time: restrictions are not supported yet\n" in err
    assert "tariff.json: min_price: is not supported yet\n" in err


@pytest.mark.parametrize("text", ["[]", "{", "NaN", '{"id": NaN}', "3", ""])
def test_what_is_no_tariff_or_no_cdr_is_refused(run: Run, text: str) -> None:
    for code, out, err in (run(text, cdr()), run(tariff(), text)):
        assert (code, out) == (1, "")
        assert ".json: " in err


def test_a_file_that_is_not_there_and_an_unknown_time_zone_are_named(
    tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.json"), str(tmp_path / "none.json")]) == 1
    assert "none.json: No such file" in capsys.readouterr().err
    for zone in ("Europe/Asker", "", "../etc", "Europe"):
        code, out, err = run(tariff(), cdr(), "--timezone", zone)
        assert (code, out) == (1, "")
        assert err.startswith("timezone: ")


def test_the_command_prints_json_numbers_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(print_json(tariff()), "utf-8")
    (tmp_path / "c.json").write_text(print_json(cdr()), "utf-8")
    command = [sys.executable, "-m", "local.price", str(tmp_path / "t.json"), str(tmp_path / "c.json")]
    elsewhere = os.environ | {"TZ": "America/New_York"}
    done = subprocess.run(command, cwd=ROOT, env=elsewhere, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert json.loads(done.stdout)["periods"][1]["end_date_time"] == "2026-01-15T12:07:00Z"
    assert json.loads(done.stdout)["total_energy_cost"] == {"excl_vat": 5, "incl_vat": 5.5}
