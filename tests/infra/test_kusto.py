"""Every query is one that the workspace would run, by Microsoft's own analyser: grammar, names, types."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.infra.queries import queries

# What the workbook puts in before it asks.
PUT_IN = {"{Gln}": "'*'", "{TimeRange:grain}": "1h", "{TimeRange:start}": "ago(1d)"}


def _faults(asked: Sequence[tuple[str, str]]) -> list[list[str]]:
    analyser = Path(__file__).with_name("kusto.cjs")
    said = subprocess.run(["node", analyser], input=json.dumps(asked), capture_output=True, text=True, check=True)
    faults: list[list[str]] = json.loads(said.stdout)
    return faults


def _as_asked(query: str) -> str:
    for placeholder, value in PUT_IN.items():
        query = query.replace(placeholder, value)
    return query


def test_every_query_is_understood() -> None:
    asked = [(where, _as_asked(query)) for where, query in queries()]

    assert len(asked) > 20
    assert _faults(asked) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("AppMetrics | where Nme == 'connector.lines'", "The name 'Nme' does not refer to any known column"),
        ("AppMetrics | summarize max(Max) by bin(TimeGenerated, 1h", "Expected: )"),
        ("AppMetricz | take 1", "The name 'AppMetricz' does not refer to any known"),
        ("AppMetrics | extend Late = Name > ago(1h)", "is not defined for the operand types string and datetime"),
    ],
)
def test_a_query_that_would_not_run_is_found(query: str, expected: str) -> None:
    [(where, fault), *_] = _faults([("planted", query)])

    assert where == "planted"
    assert expected in fault
