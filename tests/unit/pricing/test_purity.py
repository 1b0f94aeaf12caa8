"""Pricing knows nothing but arithmetic: no clock, no file, no setting, no other room, no float."""

import ast
import builtins
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAliasType, get_args, get_type_hints

import pytest

import shared.pricing

ROOT = Path(__file__).parents[3]
FILES = [*sorted((ROOT / "shared" / "pricing").rglob("*.py")), ROOT / "shared" / "money.py"]
ALLOWED = {"bisect", "collections", "collections.abc", "functools", "itertools"}
ALLOWED |= {"contextlib", "dataclasses", "datetime", "decimal", "enum", "re", "typing"}
ALLOWED |= {"zoneinfo"}  # the one table that is looked up: how clocks go in the site's time zone
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
            assert node.level <= len(path.relative_to(ROOT / "shared" / "pricing").parts)
    assert imported <= ALLOWED


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_has_no_float_and_asks_the_world_for_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, builtins.float), f"line {node.lineno}"
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
        assert name not in FORBIDDEN_NAMES, f"{name} in {path.name}"


MODULES = [import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)) for path in FILES]
KNOWN = {name: value for module in MODULES for name, value in vars(module).items()}


def named(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Classes, their methods and properties, and functions that `module` defines."""
    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            yield name, value
        if inspect.isclass(value):
            yield name, value
            for own, member in list(vars(value).items()):
                function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
                if inspect.isfunction(function) and function.__module__ == module.__name__:
                    yield f"{name}.{own}", function


def types_in(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, TypeAliasType):
        annotation = annotation.__value__
    yield annotation
    for each in get_args(annotation):
        yield from types_in(each)


def test_all_that_is_public_is_walked() -> None:
    walked = {value for module in MODULES for _, value in named(module)}
    public = [vars(shared.pricing)[name] for name in shared.pricing.__all__]
    assert len(walked) > 150
    assert {each for each in public if inspect.isclass(each) or inspect.isfunction(each)} <= walked


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_no_type_is_a_float(module: ModuleType) -> None:
    for name, value in named(module):
        for of, annotation in get_type_hints(value, localns=KNOWN, include_extras=True).items():
            found = {each for each in types_in(annotation) if isinstance(each, type)}
            assert not {builtins.float, complex} & found, f"{of} of {name}"
