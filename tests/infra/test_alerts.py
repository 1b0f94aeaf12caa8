"""Each alert has its paragraph in the runbook, and each paragraph its alert; the queries have what alerts look at."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.infra.bicep import Deployed, Templates, planted
from tests.infra.project import ROOT, STAGES, deployed, text

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def findings(templates: Templates, runbook: str) -> Iterator[str]:
    paragraphs = paragraphs_of(runbook)
    for stage in STAGES:
        stack = deployed(templates, stage)
        searches = stack.of_type("Microsoft.Insights/scheduledQueryRules")
        alerts = [*searches, *stack.of_type("Microsoft.Insights/metricAlerts")]
        names = {str(alert.name) for alert in alerts}
        for name in sorted(paragraphs.keys() - names):
            yield f"the runbook explains {name}, which is no alert of {stage}"
        for alert in alerts:
            yield from (f"{stage}: {alert.name}: {finding}" for finding in _alert(alert, paragraphs))
        for search in searches:
            yield from (f"{stage}: {search.name}: {finding}" for finding in _search(search))
    used = "".join(file.text for file in templates.bicep.values())
    queries = [path for path in templates.others if path.endswith(".kql")]
    yield from (f"{path} is used by no alert" for path in queries if path not in used)


def paragraphs_of(runbook: str) -> Mapping[str, str]:
    """What the runbook says of each alert, by the alert's name."""
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


def told(templates: Templates, stage: str, address: str) -> list[str]:
    """Addresses, and ids of roles whose holders are told."""
    (group,) = deployed(templates, stage, notifyEmail=address).of_type("Microsoft.Insights/actionGroups")
    addresses = [str(one["emailAddress"]) for one in group.at("properties.emailReceivers")]
    return addresses + [str(one["roleId"]) for one in group.at("properties.armRoleReceivers")]


# learn.microsoft.com/azure/role-based-access-control/built-in-roles
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


@pytest.mark.parametrize("stage", STAGES)
def test_an_address_that_is_given_is_told_and_nobody_else(templates: Templates, stage: str) -> None:
    assert told(templates, stage, "on-call@example.com") == ["on-call@example.com"]


def test_without_an_address_owners_are_told_in_production_and_nobody_in_staging(templates: Templates) -> None:
    assert "empty: in production the subscription's owners, in staging nobody" in GUIDE
    assert told(templates, "production", "") == [OWNER]
    assert told(templates, "staging", "") == []
    turned = templates.altered("modules/alerts.bicep", "stage == 'production' ?", "stage == 'staging' ?")
    assert (told(turned, "production", ""), told(turned, "staging", "")) == ([], [OWNER])


WORKBOOK = (ROOT / "infra" / "workbook" / "connector.json").read_text(encoding="utf-8")


def workbook_findings(text: str) -> Iterator[str]:
    workbook: Mapping[str, Any] = json.loads(text)
    if workbook["version"] != "Notebook/1.0":
        yield f"{workbook['version']} is no version of a workbook"
    names = Counter(str(item["name"]) for item in workbook["items"])
    yield from (f"{times} parts are called {name}" for name, times in names.items() if times > 1)


def test_the_workbook_is_one() -> None:
    assert list(workbook_findings(WORKBOOK)) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"Notebook/1.0"', '"Notebook/2.0"', "Notebook/2.0 is no version of a workbook"),
        ('"name": "dead letters"', '"name": "held sessions"', "2 parts are called held sessions"),
    ],
)
def test_a_workbook_gone_wrong_is_found(old: str, new: str, expected: str) -> None:
    altered = planted(WORKBOOK, old, new, where="infra/workbook/connector.json")
    assert list(workbook_findings(altered)) == [expected]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    name: 'operator-blocked'", "    name: 'operator-stuck'", "operator-stuck: the runbook has no paragraph"),
        ("    name: 'operator-blocked'", "    name: 'operator-stuck'", "explains operator-blocked, which is no alert"),
        ("measure: 'BlockedForSeconds'", "measure: 'BlockedSeconds'", "its query has no column BlockedSeconds"),
        ("\n    actions: {\n      actionGroups: [notify.id]", "\n    actions: {", "no-contract-events: tells nobody"),
        ("enabled: true\n      scopes: [queue", "enabled: false\n      scopes: [queue", "dead-letter: is not on"),
        ('"alert: ${queue.name}"', '"alert: ${queue.name}s"', "dead-letter: its description does not name"),
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
    renamed = planted(RUNBOOK, "### alert: dead-letter\n", "### alert: dead-mail\n", where="docs/runbook.md")
    assert "the runbook explains dead-mail, which is no alert of staging" in list(findings(templates, renamed))
    assert "production: dead-letter: the runbook has no paragraph" in list(findings(templates, renamed))
    beginning = "### alert: authorization-slow\nSeverity "
    milder = planted(RUNBOOK, f"{beginning}1", f"{beginning}3", where="docs/runbook.md")
    assert any("authorization-slow: severity is 1" in finding for finding in findings(templates, milder))
