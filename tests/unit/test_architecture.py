"""The house's rules, held by reading the imports of every file."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = {"contracts", "drivers", "sessions", "pricing", "billing", "delivery", "operators", "logbook"}
ROOMS |= {"corrections", "charging_platform", "reconciliation", "retention", "notices", "connection", "measuring"}
ROOMS |= {"telemetry"}
# Data takes one way through the house; each room may look at those to its right only.
MAY_USE = {
    # What looks after the way through stands beside it, and nobody on it knows that.
    "measuring": {"contracts", "sessions", "delivery", "operators", "telemetry"},
    "connection": {"sessions", "delivery", "operators", "logbook"},
    "notices": {"contracts", "sessions", "billing", "delivery", "reconciliation", "operators", "logbook"},
    "reconciliation": {"sessions", "billing", "delivery", "operators", "logbook"},
    "retention": {"sessions", "billing", "delivery", "drivers", "operators", "logbook", "telemetry"},
    "charging_platform": {"sessions", "operators", "logbook", "telemetry"},
    "corrections": {"sessions", "drivers", "pricing", "billing", "delivery", "operators", "logbook", "telemetry"},
    "contracts": {"drivers", "operators", "logbook", "telemetry"},
    "sessions": {"drivers", "pricing", "billing", "delivery", "operators", "logbook", "telemetry"},
    "drivers": {"operators", "logbook"},
    "delivery": {"billing", "operators", "logbook", "telemetry"},
    "billing": {"pricing"},
    "operators": {"pricing"},
    "pricing": set(),
    "logbook": set(),
    "telemetry": set(),
}


def python_files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def imports_of(file: Path) -> Iterator[str]:
    """Every module that a file imports, as an absolute name, wherever in the file."""
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            stem = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            yield ".".join(part for part in (stem, node.module or "") if part)


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "shared" and len(parts) > 1 and parts[1] in ROOMS else None


def breaches(file: Path, forbidden: Iterator[str] | list[str]) -> list[str]:
    return [f"{file.relative_to(ROOT)} imports {module}" for module in forbidden]


def test_only_the_doors_know_azure_functions() -> None:
    found = [
        breach
        for file in python_files("shared")
        for breach in breaches(file, [name for name in imports_of(file) if name.startswith("azure.functions")])
    ]
    assert found == []


def test_nothing_that_is_deployed_knows_the_local_stack_or_the_tests() -> None:
    found = [
        breach
        for file in [*python_files("shared", "functions"), ROOT / "function_app.py"]
        for breach in breaches(
            file, [name for name in imports_of(file) if name.split(".")[0] in {"local", "tests", "bench"}]
        )
    ]
    assert found == []


def test_the_domain_knows_neither_its_doors_nor_its_storage_nor_its_wiring() -> None:
    above = ("functions", "shared.storage", "shared.wiring", "shared.foundation", "shared.settings")
    found = [
        breach
        for room in sorted(ROOMS)
        for file in python_files(f"shared/{room}")
        for breach in breaches(file, [name for name in imports_of(file) if name.startswith(above)])
    ]
    assert found == []


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_uses_only_the_rooms_on_its_way_and_only_what_they_offer(room: str) -> None:
    found = []
    for file in python_files(f"shared/{room}"):
        for module in imports_of(file):
            other = room_of(module)
            if other is None or other == room:
                continue
            if other not in MAY_USE[room]:
                found += breaches(file, [f"{module}, which lies not on its way"])
            elif module != f"shared.{other}":
                found += breaches(file, [f"{module} past what shared.{other} offers"])
    assert found == []


def test_the_doors_use_only_what_the_rooms_offer() -> None:
    found = [
        breach
        for file in python_files("functions")
        for breach in breaches(
            file, [name for name in imports_of(file) if room_of(name) and name != f"shared.{room_of(name)}"]
        )
    ]
    assert found == []


def test_pricing_is_pure() -> None:
    allowed = {"shared.pricing", "shared.money", "pydantic", "pydantic_core", "annotated_types"}
    standard = {
        "__future__",
        "bisect",
        "collections",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "functools",
        "itertools",
    }
    standard |= {"contextlib", "operator", "re", "types", "typing", "zoneinfo", "math", "fractions"}
    found = [
        breach
        for file in python_files("shared/pricing")
        for breach in breaches(
            file,
            [
                name
                for name in imports_of(file)
                if name.split(".")[0] not in standard and not any(f"{name}.".startswith(f"{a}.") for a in allowed)
            ],
        )
    ]
    assert found == []


def test_no_file_of_the_app_is_longer_than_three_hundred_lines() -> None:
    too_long = {
        str(file.relative_to(ROOT)): length
        for file in [*python_files("shared", "functions", "local"), ROOT / "function_app.py"]
        if (length := len(file.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert too_long == {}


def test_nobody_reads_the_clock_where_it_should_be_given() -> None:
    allowed = {ROOT / "shared" / "clock.py"}
    calls = ("datetime.now(", "datetime.utcnow(", "date.today(")
    found = [
        f"{file.relative_to(ROOT)}: {call}"
        for file in python_files("shared", "functions")
        if file not in allowed
        for call in calls
        if call in file.read_text(encoding="utf-8")
    ]
    assert found == []
