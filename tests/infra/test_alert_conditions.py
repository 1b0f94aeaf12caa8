"""When each alert speaks, how often it looks, and whether it takes it back: as the runbook promises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.infra.bicep import Deployed, Stack, Templates, planted
from tests.infra.project import STAGES, deployed, text
from tests.infra.test_alerts import RUNBOOK, paragraphs_of


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One row of the table. `says` stands in the alert's paragraph, `asks` in its query; spans are ISO 8601.

    `over` is what is looked at, `measured` the column of a query or the metric, `split` what it is told apart by: all
    there are, or those resources alone that are of the type `counted`. An alert that does not resolve itself is `muted`
    for a while after each mail.
    """

    says: tuple[str, ...]
    severity: int
    over: str = "workspace.id"
    measured: str | None
    aggregation: str
    operator: str = "GreaterThan"
    threshold: int
    window: str
    every: str
    asks: tuple[str, ...] = ()
    split: str | None = None
    counted: str | None = None
    looks_back: str | None = None
    muted: str | None = None

    @property
    def resolves_itself(self) -> bool:
        return self.muted is None


TABLE = {
    "oldest-undelivered-line": Condition(
        says=("Severity 2, for each operator.", "has waited for more than an hour"),
        severity=2,
        measured="AgeInSeconds",
        aggregation="Maximum",
        threshold=3600,
        window="PT15M",
        every="PT15M",
        split="Gln",
    ),
    "operator-blocked": Condition(
        says=("Severity 2, for each operator.", "for more than half an hour"),
        severity=2,
        measured="BlockedForSeconds",
        aggregation="Maximum",
        threshold=1800,
        window="PT15M",
        every="PT15M",
        split="Gln",
    ),
    "dead-letter": Condition(
        says=("Severity 2.", "has given up at least one contract event", "the alert resolves itself"),
        severity=2,
        over="contractNamespace.id",
        measured="DeadletteredMessages",
        aggregation="Maximum",
        threshold=0,
        window="PT5M",
        every="PT5M",
        split="EntityName",
        counted="Microsoft.ServiceBus/namespaces/topics",
    ),
    "deliveries-dead-letter": Condition(
        says=("Severity 3.", "has given up at least one message of the deliveries queue", "No line is lost"),
        severity=3,
        over="deliveriesNamespace.id",
        measured="DeadletteredMessages",
        aggregation="Maximum",
        threshold=0,
        window="PT5M",
        every="PT5M",
        split="EntityName",
        counted="Microsoft.ServiceBus/namespaces/queues",
    ),
    "authorization-slow": Condition(
        says=(
            "Severity 1. In the last quarter of an hour one answer in a hundred",
            "at least three, took more than a second",
        ),
        asks=("percentilew(DurationMs, ItemCount, 99)", "DurationMs > 1000", "Slow >= 3"),
        severity=1,
        measured="P99InMs",
        aggregation="Maximum",
        threshold=1000,
        window="PT15M",
        every="PT5M",
    ),
    "function-failures": Condition(
        says=("Severity 2, for each function", "a tenth or more failed in a quarter of an hour"),
        asks=("Failed * 10 >= Runs",),
        severity=2,
        measured="Failures",
        aggregation="Total",
        threshold=0,
        window="PT15M",
        every="PT15M",
        split="Where",
    ),
    "no-contract-events": Condition(
        says=("Severity 3. For a day no contract event", "told once and does not resolve itself", "only two days back"),
        asks=("TimeGenerated > ago(1d)", "LastDay == 0 and DayBefore > 0"),
        severity=3,
        measured=None,
        aggregation="Count",
        threshold=0,
        window="P1D",
        every="PT1H",
        looks_back="P2D",
        muted="P1D",
    ),
    # A row with a count of 0 is what it waits for: so it alone speaks below its threshold.
    "no-measurements": Condition(
        says=("Severity 1. For half an hour",),
        severity=1,
        measured="Measurements",
        aggregation="Total",
        operator="LessThan",
        threshold=1,
        window="PT30M",
        every="PT10M",
    ),
}


def findings(templates: Templates, runbook: str) -> Iterator[str]:
    for stage in STAGES:
        stack = deployed(templates, stage)
        kinds = ("scheduledQueryRules", "metricAlerts")
        alerts = {str(one.name): one for kind in kinds for one in stack.of_type(f"Microsoft.Insights/{kind}")}
        yield from (f"{stage}: {name} is not in the table" for name in sorted(alerts.keys() - TABLE.keys()))
        yield from (f"{stage}: {name} of the table is not there" for name in sorted(TABLE.keys() - alerts.keys()))
        for name in sorted(alerts.keys() & TABLE.keys()):
            yield from (f"{stage}: {name}: {fault}" for fault in _alert(alerts[name], TABLE[name], stack))
    paragraphs = paragraphs_of(runbook)
    for name, promised in TABLE.items():
        for words in promised.says:
            if words not in paragraphs.get(name, ""):
                yield f"docs/runbook.md no longer says {words!r} of {name}: mend the table or the runbook"


def _alert(alert: Deployed, promised: Condition, stack: Stack) -> Iterator[str]:
    (criterion,) = alert.at("properties.criteria.allOf")
    split = [(one["name"], one["operator"]) for one in criterion.get("dimensions", [])]
    values = [one["values"] for one in criterion.get("dimensions", [])]
    all_of_them = ["*"] if promised.counted is None else [found.name for found in stack.of_type(promised.counted)]
    compared = [
        ("severity", alert.at("properties.severity"), promised.severity),
        ("window", alert.at("properties.windowSize"), promised.window),
        ("frequency", alert.at("properties.evaluationFrequency"), promised.every),
        ("range of the query", alert.at("properties.overrideQueryTimeRange"), promised.looks_back),
        ("autoMitigate", alert.at("properties.autoMitigate"), promised.resolves_itself),
        ("mute", alert.at("properties.muteActionsDuration"), promised.muted),
        ("operator", criterion["operator"], promised.operator),
        ("threshold", criterion["threshold"], promised.threshold),
        ("aggregation", criterion["timeAggregation"], promised.aggregation),
        ("measured", criterion.get("metricMeasureColumn") or criterion.get("metricName"), promised.measured),
        ("dimensions", split, [(promised.split, "Include")] if promised.split else []),
        ("values of dimensions", values, [all_of_them] if promised.split else []),
        ("scopes", [text(one) for one in alert.at("properties.scopes")], [promised.over]),
    ]
    yield from (f"{what} is {ours!r}, and {theirs!r} in the table" for what, ours, theirs in compared if ours != theirs)
    for words in promised.asks:
        if not re.search(rf"{re.escape(words)}(?!\w)", criterion["query"]):
            yield f"its query does not have {words}"


def test_each_alert_speaks_when_it_is_said_to(templates: Templates) -> None:
    assert list(findings(templates, RUNBOOK)) == []


ALERTS = "modules/alerts.bicep"
CONTRACTS = "namespaceId: contractNamespaceId\n    entity: contractTopicName"
DELIVERIES = "namespaceId: deliveriesNamespaceId\n    entity: deliveriesQueueName"
WHERE = "name: 'Where'\n    operator: 'Include'\n    values: ['*']"


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (ALERTS, "threshold: 3600", "threshold: 36000", "oldest-undelivered-line: threshold is 36000, and 3600"),
        (ALERTS, "threshold: 1800", "threshold: 180", "operator-blocked: threshold is 180"),
        (ALERTS, "threshold: 1000", "threshold: 10000", "authorization-slow: threshold is 10000"),
        (ALERTS, "'LessThan'", "'GreaterThan'", "no-measurements: operator is 'GreaterThan'"),
        (ALERTS, "'DeadletteredMessages'", "'DeadLetteredMessages'", "dead-letter: measured is 'DeadLetteredM"),
        (ALERTS, "'EntityName'", "'Entity'", "dead-letter: dimensions is [('Entity', 'Include')]"),
        (ALERTS, WHERE, WHERE.replace("Include", "Exclude"), "dimensions is [('Where', 'Exclude')]"),
        (ALERTS, WHERE, WHERE.replace("*", "measure"), "values of dimensions is [['measure']]"),
        (ALERTS, CONTRACTS, CONTRACTS.replace("contractNamespace", "workspace"), "dead-letter: scopes is ['workspace."),
        (ALERTS, DELIVERIES, CONTRACTS, "deliveries-dead-letter: scopes is ['contractNamespace.id']"),
        (ALERTS, DELIVERIES, CONTRACTS, "deliveries-dead-letter: values of dimensions is [['utilitycloudcontractev"),
        (ALERTS, "autoMitigate: false", "autoMitigate: true", "no-contract-events: autoMitigate is True"),
        (ALERTS, "muteActionsDuration: 'P1D'", "", "no-contract-events: mute is None"),
        (ALERTS, "overrideQueryTimeRange: 'P2D'", "", "no-contract-events: range of the query is None"),
        (ALERTS, "every: 'PT10M'", "every: 'PT15M'", "no-measurements: frequency is 'PT15M'"),
        (ALERTS, "window: 'PT30M'", "window: 'PT7M'", "no-measurements: window is 'PT7M'"),
        (ALERTS, "severity: 3\n    enabled", "severity: 4\n    enabled", "no-contract-events: severity is 4"),
        (ALERTS, "name: 'function-failures'", "name: 'failures'", "failures is not in the table"),
        (ALERTS, "name: 'function-failures'", "name: 'failures'", "function-failures of the table is not there"),
        ("alerts/authorization-slow.kql", "Slow >= 3", "Slow >= 300", "its query does not have Slow >= 3"),
        ("alerts/function-failures.kql", "Failed * 10", "Failed * 2", "its query does not have Failed * 10 >= Runs"),
    ],
)
def test_an_alert_that_speaks_otherwise_is_found(
    templates: Templates, path: str, old: str, new: str, expected: str
) -> None:
    found = list(findings(templates.altered(path, old, new), RUNBOOK))
    assert any(expected in finding for finding in found), found


@pytest.mark.parametrize(("name", "words"), [(name, words) for name, one in TABLE.items() for words in one.says])
def test_a_runbook_that_says_otherwise_is_found(templates: Templates, name: str, words: str) -> None:
    paragraph = paragraphs_of(RUNBOOK)[name]
    altered = planted(paragraph, words, "something else", where=f"the runbook's paragraph of {name}")
    found = list(findings(templates, planted(RUNBOOK, paragraph, altered, where="docs/runbook.md")))
    assert f"docs/runbook.md no longer says {words!r} of {name}: mend the table or the runbook" in found, found
