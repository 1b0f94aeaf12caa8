"""`make price`: the report alone on standard output, or each fault by file and field on standard error."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.price import main
from shared.json_documents import parse_json, print_json
from tests.price_command import a_tariff, run_price

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "tests" / "samples"
ENERGY = {"type": "ENERGY", "price": Decimal("0.25"), "vat": 10}


def tariff() -> dict[str, Any]:
    return a_tariff(
        dict(ENERGY),
        {"type": "FLAT", "price": Decimal("0.50"), "vat": 20},
        {"type": "TIME", "price": 1, "vat": 10, "step_size": 600},
    )


def cdr() -> dict[str, Any]:
    return {
        "start_date_time": "2026-01-15T10:00:00Z",
        "end_date_time": "2026-01-15T12:07:00Z",
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


def test_the_report_has_what_ocpi_calls_it() -> None:
    report = run_price(tariff(), cdr(), "--timezone", "Europe/Helsinki").report
    periods, notes = report.pop("periods"), report.pop("notes")
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


def test_each_dimension_says_what_it_costs_by_which_component_and_why_not_by_another() -> None:
    night = {
        "price_components": [ENERGY | {"price": Decimal("0.1")}],
        "restrictions": {"start_time": "22:00", "end_time": "06:00"},
    }
    document = tariff()
    document["elements"].insert(0, night)
    report = run_price(document, cdr()).report
    assert report["periods"][0]["dimensions"][0] == {
        "type": "ENERGY",
        "volume": 20,
        "billed_volume": 20,
        "unit": "kWh",
        "price": Decimal("0.25"),
        "vat": 10,
        "cost": {"excl_vat": 5, "incl_vat": Decimal("5.5")},
        "element": 1,
        "component": 0,
        "passed_over": [{"element": 0, "reason": "applies from 22:00 to 06:00"}],
    }


def test_restrictions_are_in_the_local_time_of_the_time_zone_that_is_given() -> None:
    evening = {"price_components": [ENERGY | {"price": 1}], "restrictions": {"start_time": "12:00"}}
    document = tariff()
    document["elements"].insert(0, evening)
    costs = [
        run_price(document, cdr(), "--timezone", zone).report["total_energy_cost"]["excl_vat"]
        for zone in ("Europe/Oslo", "Europe/Helsinki")
    ]
    assert costs == [5, 20]
    assert run_price(document, cdr()).report["total_energy_cost"]["excl_vat"] == 5


def test_without_vat_gross_is_net_and_a_note_says_so() -> None:
    document = tariff()
    del document["elements"][0]["price_components"][0]["vat"]
    report = run_price(document, cdr()).report
    assert report["total_energy_cost"] == {"excl_vat": 5, "incl_vat": 5}
    assert any("ENERGY has no VAT rate" in note for note in report["notes"])


def test_a_minimum_that_applied_is_in_the_total_and_in_the_notes() -> None:
    report = run_price(a_tariff(ENERGY, min_price={"excl_vat": 8, "incl_vat": 9}), cdr()).report
    assert report["total_cost"] == {"excl_vat": 8, "incl_vat": 9}
    assert report["total_energy_cost"] == {"excl_vat": 5, "incl_vat": Decimal("5.5")}
    assert "The tariff's minimum applies: 5.00 EUR excl. VAT became 8.00." in report["notes"]


def test_prices_that_include_vat_are_divided_out_once() -> None:
    document = a_tariff({"type": "ENERGY", "price": Decimal("3.00"), "vat": 25}, tax_included="YES")
    report = run_price(document, cdr()).report
    assert report["total_cost"] == {"excl_vat": 48, "incl_vat": 60}
    assert any("prices include VAT" in note for note in report["notes"])


def test_what_is_wrong_with_the_tariff_is_said_by_field() -> None:
    document = tariff() | {"min_price": {"excl_vat": "1"}, "surprise": 1}
    document["elements"][0]["restrictions"] = {"start_time": "25:00"}
    printed = run_price(document, cdr() | {"end_date_time": None})
    assert (printed.code, printed.out) == (1, "")
    faults = printed.err.splitlines()
    for field in (
        "tariff.json: elements[0].restrictions.start_time: ",
        "tariff.json: min_price.excl_vat: ",
        "tariff.json: surprise: ",
        "cdr.json: end_date_time: ",
    ):
        assert [fault for fault in faults if fault.startswith(field)], field
    assert len(faults) == 4


@pytest.mark.parametrize("text", ["[]", "{", "NaN", '{"id": NaN}', "3", "null", ""])
def test_what_is_no_tariff_or_no_cdr_is_refused(text: str) -> None:
    for printed, name in ((run_price(text, cdr()), "tariff.json: "), (run_price(tariff(), text), "cdr.json: ")):
        assert (printed.code, printed.out) == (1, "")
        assert all(line.startswith(name) for line in printed.err.splitlines())
        assert printed.err


def test_a_file_that_is_not_there_and_an_unknown_time_zone_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.json"), str(tmp_path)]) == 1
    no_file, no_text = capsys.readouterr().err.splitlines()
    assert no_file.endswith("none.json: No such file or directory")
    assert no_text.endswith(": Is a directory")
    for zone in ("Europe/Asker", "", "../etc", "Europe"):
        printed = run_price(tariff(), cdr(), "--timezone", zone)
        assert (printed.code, printed.out) == (1, "")
        assert printed.err == f"TIMEZONE: {zone!r}: is not a time zone such as Europe/Oslo\n"


def test_the_command_prints_json_numbers_and_nothing_else_and_does_not_care_where_it_runs(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(print_json(tariff()), "utf-8")
    (tmp_path / "c.json").write_text(print_json(cdr() | {"end_date_time": "2026-01-15T12:07:00"}), "utf-8")
    command = [sys.executable, "-m", "local.price", str(tmp_path / "t.json"), str(tmp_path / "c.json")]
    elsewhere = os.environ | {"TZ": "EST+5"}
    done = subprocess.run(command, cwd=ROOT, env=elsewhere, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert json.loads(done.stdout)["periods"][1]["end_date_time"] == "2026-01-15T12:07:00Z"
    assert json.loads(done.stdout)["total_energy_cost"] == {"excl_vat": 5, "incl_vat": 5.5}


def make_price(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`-o setup`: whatever runs the tests has set up already."""
    without = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}}
    command = ["make", "-o", "setup", "price", *arguments]
    return subprocess.run(command, cwd=ROOT, env=without, capture_output=True, text=True, check=False, timeout=60)


def test_make_price_prints_the_report_alone_and_takes_spaces_in_names(tmp_path: Path) -> None:
    folder = tmp_path / "two words"
    folder.mkdir()
    for name in ("tariff-evening.json", "cdr.json"):
        (folder / name).write_bytes((SAMPLES / name).read_bytes())
    done = make_price(f"TARIFF={folder}/tariff-evening.json", f"CDR={folder}/cdr.json", "TIMEZONE=Europe/Oslo")
    assert (done.returncode, done.stderr) == (0, "")
    report: Any = parse_json(done.stdout.encode())
    stated: Any = parse_json((SAMPLES / "cdr.json").read_bytes())
    assert report["total_cost"] == stated["total_cost"]
    assert (report["total_energy"], report["total_time"]) == (stated["total_energy"], stated["total_time"])


def test_make_price_fails_with_standard_output_empty(tmp_path: Path) -> None:
    for arguments, message in (
        ((), "usage: make price"),
        ((f"TARIFF={tmp_path}/none.json", f"CDR={SAMPLES}/cdr.json"), "none.json: No such file or directory"),
    ):
        done = make_price(*arguments)
        assert done.returncode != 0
        assert done.stdout == ""
        assert message in done.stderr
