"""Pricing knows nothing but arithmetic: no clock, no file, no setting, no other room, no float."""

import ast
import builtins
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = [*sorted((ROOT / "shared" / "pricing").glob("*.py")), ROOT / "shared" / "money.py"]
ALLOWED = {"collections.abc", "contextlib", "dataclasses", "datetime", "decimal", "enum", "re", "typing"}
ALLOWED |= {"pydantic", "pydantic.alias_generators", "pydantic_core", "shared.money"}
FORBIDDEN_NAMES = {"open", "print", "input", "float", "now", "utcnow", "today", "getcontext", "setcontext"}


def test_the_files_are_found() -> None:
    assert len(FILES) > 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_imports_only_arithmetic_and_its_neighbours(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imported.add(node.module or "")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1
    assert imported <= ALLOWED


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_has_no_float_and_asks_the_world_for_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, builtins.float), f"line {node.lineno}"
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
        assert name not in FORBIDDEN_NAMES, f"{name} in {path.name}"
