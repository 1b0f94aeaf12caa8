"""Each alert has its paragraph in the runbook, and each paragraph its alert; the queries have what alerts look at."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.infra.bicep import Deployed, Templates
from tests.infra.project import ROOT, STAGES, deployed, text

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
WANTED = {
    "oldest-undelivered-line",
    "dead-letter",
    "operator-blocked",
    "authorization-slow",
    "function-failures",
    "no-contract-events",
    "no-measurements",
}


def findings(templates: Templates, runbook: str) -> Iterator[str]:
    paragraphs = _paragraphs(runbook)
    for stage in STAGES:
        stack = deployed(templates, stage)
        searches = stack.of_type("Microsoft.Insights/scheduledQueryRules")
        alerts = [*searches, *stack.of_type("Microsoft.Insights/metricAlerts")]
        names = {str(alert.name) for alert in alerts}
        yield from (f"{stage}: there is no alert {name}" for name in sorted(WANTED - names))
        for name in sorted(paragraphs.keys() - names):
            yield f"the runbook explains {name}, which is no alert of {stage}"
        for alert in alerts:
            yield from (f"{stage}: {alert.name}: {finding}" for finding in _alert(alert, paragraphs))
        for search in searches:
            yield from (f"{stage}: {search.name}: {finding}" for finding in _search(search))
    used = "".join(file.text for file in templates.bicep.values())
    queries = [path for path in templates.others if path.endswith(".kql")]
    yield from (f"{path} is used by no alert" for path in queries if path not in used)


def _paragraphs(runbook: str) -> Mapping[str, str]:
    pieces = re.split(r"^### alert: (\S+)$", runbook.partition("## Alerts")[2], flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def _alert(alert: Deployed, paragraphs: Mapping[str, str]) -> Iterator[str]:
    paragraph = paragraphs.get(str(alert.name))
    if paragraph is None:
        yield "the runbook has no paragraph"
    elif f"Severity {alert.at('properties.severity')}" not in paragraph:
        yield f"severity is {alert.at('properties.severity')}, and the runbook says otherwise"
    if f'docs/runbook.md, "alert: {alert.name}"' not in text(alert.at("properties.description")):
        yield "its description does not name its paragraph"
    if alert.at("properties.enabled") is not True:
        yield "is not on"
    actions = alert.at("properties.actions")
    if not (actions.get("actionGroups") if isinstance(actions, Mapping) else actions):
        yield "tells nobody"


def _search(search: Deployed) -> Iterator[str]:
    (criterion,) = search.at("properties.criteria.allOf")
    columns = [criterion.get("metricMeasureColumn"), *(one["name"] for one in criterion.get("dimensions", []))]
    for column in filter(None, columns):
        if not re.search(rf"\b{column}\b", criterion["query"]):
            yield f"its query has no column {column}"
    # learn.microsoft.com/azure/azure-monitor/alerts/alerts-log-query, Log query constraints
    if found := re.search(r"^[^/\n]*\b(union|search)\b", criterion["query"], re.MULTILINE):
        yield f"Azure Monitor supports no alert with {found[1]}"


def test_every_alert_is_explained_and_every_explanation_is_of_an_alert(templates: Templates) -> None:
    assert list(findings(templates, RUNBOOK)) == []


def test_somebody_is_told_where_an_address_is_given(templates: Templates) -> None:
    (group,) = deployed(templates, "production").of_type("Microsoft.Insights/actionGroups")
    assert [one["emailAddress"] for one in group.at("properties.emailReceivers")] == ["on-call@example.com"]
    (group,) = deployed(templates, "staging", notifyEmail="").of_type("Microsoft.Insights/actionGroups")
    assert group.at("properties.emailReceivers") == []


def test_the_workbook_is_one() -> None:
    workbook: Mapping[str, Any] = json.loads((ROOT / "infra/workbook/connector.json").read_text(encoding="utf-8"))
    assert workbook["version"] == "Notebook/1.0"
    names = [item["name"] for item in workbook["items"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    name: 'operator-blocked'", "    name: 'operator-stuck'", "operator-stuck: the runbook has no paragraph"),
        ("    name: 'operator-blocked'", "    name: 'operator-stuck'", "there is no alert operator-blocked"),
        ("    name: 'operator-blocked'", "    name: 'operator-stuck'", "explains operator-blocked, which is no alert"),
        ("measure: 'BlockedForSeconds'", "measure: 'BlockedSeconds'", "its query has no column BlockedSeconds"),
        ("\n    actions: {\n      actionGroups: [notify.id]", "\n    actions: {", "no-contract-events: tells nobody"),
        ("enabled: true\n    scopes: [contract", "enabled: false\n    scopes: [contract", "dead-letter: is not on"),
        ('"alert: dead-letter"', '"alert: dead-letters"', "dead-letter: its description does not name"),
        (
            "alerts/operator-blocked.kql",
            "alerts/no-measurements.kql",
            "alerts/operator-blocked.kql is used by no alert",
        ),
    ],
)
def test_an_alert_gone_wrong_is_found(templates: Templates, old: str, new: str, expected: str) -> None:
    found = list(findings(templates.altered("modules/alerts.bicep", old, new), RUNBOOK))
    assert any(expected in finding for finding in found), found


def test_a_query_that_alerts_do_not_support_is_found(templates: Templates) -> None:
    altered = templates.altered(
        "alerts/authorization-slow.kql", "\nAppDependencies", "\nunion AppDependencies, AppRequests"
    )
    found = list(findings(altered, RUNBOOK))
    assert "staging: authorization-slow: Azure Monitor supports no alert with union" in found, found


def test_a_paragraph_gone_wrong_is_found(templates: Templates) -> None:
    renamed = RUNBOOK.replace("### alert: dead-letter\n", "### alert: dead-mail\n")
    assert "the runbook explains dead-mail, which is no alert of staging" in list(findings(templates, renamed))
    assert "production: dead-letter: the runbook has no paragraph" in list(findings(templates, renamed))
    milder = RUNBOOK.replace("Severity 1. In the last quarter", "Severity 3. In the last quarter")
    assert any("authorization-slow: severity is 1" in finding for finding in findings(templates, milder))
