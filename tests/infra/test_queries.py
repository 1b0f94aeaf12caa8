"""Queries of alerts, workbook and documents ask for metrics, spans, functions and properties that the code has."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shared.telemetry.instruments import INSTRUMENTS
from tests.infra.project import ROOT
from tests.infra.queries import queries

METRICS = {instrument.name: set(instrument.attributes) for instrument in INSTRUMENTS}
# Of spans and of log records; `logger_name` is the exporter's.
OTHER_PROPERTIES = {"gln", "reference", "outcome", "logger_name"}
QUOTED = re.compile(r"'([^']*)'")
NAMED = re.compile(r"\bName\s*(?:==|!=|=~)\s*('[^']*')|\bName\s+!?in~?\s*\(([^)]*)\)")


def _spans() -> set[str]:
    """The first argument of each call that begins a span, with both names where it is one or the other."""
    names: set[str] = set()
    for file in [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("span", "call_span", "told_span"):
                names |= set(_choices(node.args[0]))
    return names


def _choices(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _choices(node.body)
        yield from _choices(node.orelse)


def findings(query: str, known: set[str]) -> Iterator[str]:
    names = {name for match in NAMED.finditer(query) for name in QUOTED.findall(match[1] or match[2])}
    yield from (f"nothing is called {name!r}" for name in sorted(names - known - set(METRICS)))
    of_metrics = set().union(*(METRICS.get(name, set()) for name in names))
    allowed = of_metrics if names and names <= set(METRICS) else of_metrics | OTHER_PROPERTIES
    if not names:
        allowed = OTHER_PROPERTIES.union(*METRICS.values())
    for found in sorted(set(re.findall(r"\bProperties\.(\w+)", query)) - allowed):
        yield f"no property {found!r}"


@pytest.fixture(scope="module")
def known(triggers: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Names of spans and of functions; the host calls a request by its function."""
    return _spans() | set(triggers)


@pytest.mark.parametrize(("where", "query"), list(queries()), ids=lambda value: value if len(value) < 60 else "")
def test_a_query_asks_for_what_there_is(where: str, query: str, known: set[str]) -> None:
    assert list(findings(query, known)) == [], where


def test_the_spans_are_found() -> None:
    assert _spans() >= {"contract-event", "authorization", "session-stop", "delivery", "get-token", "send-line"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("AppMetrics | where Name == 'connector.line'", "nothing is called 'connector.line'"),
        ("AppRequests | where Name in ('delivery', 'deliveries')", "nothing is called 'deliveries'"),
        ("AppRequests | where Name != 'contract_events'", "nothing is called 'contract_events'"),
        ("AppMetrics | where Name == 'connector.dead_letters' | extend G = Properties.gln", "no property 'gln'"),
        ("AppDependencies | where Name == 'delivery' | extend G = Properties.operator", "no property 'operator'"),
    ],
)
def test_a_query_for_what_there_is_not_is_found(query: str, expected: str, known: set[str]) -> None:
    assert list(findings(query, known)) == [expected]
