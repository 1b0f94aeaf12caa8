"""Windows, frequencies and metrics of the alerts are ones that Azure Monitor takes; the rest fails at deployment.

Log searches: learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule; the single values are in
HashiCorp's reference, of azurerm_monitor_scheduled_query_rules_alert_v2 and azurerm_monitor_metric_alert. Metrics:
learn.microsoft.com/azure/service-bus-messaging/monitor-service-bus-reference.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from tests.infra.bicep import Deployed, Templates, planted
from tests.infra.project import STAGES, deployed

_UP_TO_SIX_HOURS = {"PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H"}
LOG_FREQUENCIES = {"PT1M", "P1D"} | _UP_TO_SIX_HOURS
LOG_WINDOWS = {"P1D", "P2D"} | _UP_TO_SIX_HOURS
LOG_RANGES = {"PT20M"} | LOG_WINDOWS
LOG_MUTES = LOG_WINDOWS
MOST_LOOKED_BACK = timedelta(days=2)
METRIC_FREQUENCIES = {"PT1M", "PT5M", "PT15M", "PT30M", "PT1H"}
METRIC_WINDOWS = {"PT6H", "PT12H", "P1D"} | METRIC_FREQUENCIES
# Namespace and name, as they are written there: aggregations and dimensions.
METRICS = {
    ("Microsoft.ServiceBus/namespaces", "DeadletteredMessages"): ({"Average", "Minimum", "Maximum"}, {"EntityName"}),
}


def findings(templates: Templates) -> Iterator[str]:
    for stage in STAGES:
        stack = deployed(templates, stage)
        for search in stack.of_type("Microsoft.Insights/scheduledQueryRules"):
            yield from (f"{stage}: {search.name}: {fault}" for fault in _log_search(search))
        for alert in stack.of_type("Microsoft.Insights/metricAlerts"):
            yield from (f"{stage}: {alert.name}: {fault}" for fault in _metric_alert(alert))


def _log_search(search: Deployed) -> Iterator[str]:
    yield from _allowed(search, "evaluationFrequency", LOG_FREQUENCIES)
    yield from _allowed(search, "windowSize", LOG_WINDOWS)
    yield from _allowed(search, "overrideQueryTimeRange", LOG_RANGES)
    yield from _allowed(search, "muteActionsDuration", LOG_MUTES)
    (criterion,) = search.at("properties.criteria.allOf")
    periods = criterion["failingPeriods"]
    looked_back = _span(search.at("properties.windowSize")) * periods["numberOfEvaluationPeriods"]
    every = _span(search.at("properties.evaluationFrequency"))
    if every > looked_back:
        yield f"looks each {every}, and only {looked_back} back: what comes in between is never seen"
    if looked_back > MOST_LOOKED_BACK:
        yield f"looks {looked_back} back, and a log search sees {MOST_LOOKED_BACK} at most"
    if periods["minFailingPeriodsToAlert"] > periods["numberOfEvaluationPeriods"]:
        yield "wants more failing periods than it looks at"
    queried, muted = search.at("properties.overrideQueryTimeRange"), search.at("properties.muteActionsDuration")
    if queried is not None and _span(queried) < looked_back:
        yield f"its query sees {_span(queried)}, and it looks {looked_back} back"
    if muted is not None and search.at("properties.autoMitigate") is not False:
        yield "muteActionsDuration is for alerts with autoMitigate: false"
    if muted is not None and _span(muted) < every:
        yield f"is muted for {_span(muted)}, and looks each {every} only"
    if (criterion["timeAggregation"] == "Count") is ("metricMeasureColumn" in criterion):
        yield "counts rows or measures a column, the one without metricMeasureColumn, the other with"


def _metric_alert(alert: Deployed) -> Iterator[str]:
    yield from _allowed(alert, "evaluationFrequency", METRIC_FREQUENCIES)
    yield from _allowed(alert, "windowSize", METRIC_WINDOWS)
    every, window = (_span(alert.at(f"properties.{name}")) for name in ("evaluationFrequency", "windowSize"))
    if every > window:
        yield f"looks each {every}, and only {window} back: what comes in between is never seen"
    for criterion in alert.at("properties.criteria.allOf"):
        metric = (criterion["metricNamespace"], criterion["metricName"])
        if metric not in METRICS:
            yield f"no metric {' '.join(metric)} is known"
            continue
        aggregations, dimensions = METRICS[metric]
        if criterion["timeAggregation"] not in aggregations:
            yield f"{metric[1]} has no {criterion['timeAggregation']}"
        unknown = {one["name"] for one in criterion.get("dimensions", [])} - dimensions
        yield from (f"{metric[1]} has no dimension {name}" for name in sorted(unknown))


def _allowed(alert: Deployed, name: str, allowed: set[str]) -> Iterator[str]:
    value = alert.at(f"properties.{name}")
    if value is not None and value not in allowed:
        yield f"{name} is {value}, and must be one of {', '.join(sorted(allowed, key=_span))}"


def _span(written: object) -> timedelta:
    return TypeAdapter(timedelta).validate_python(written)


def test_azure_monitor_takes_every_alert(templates: Templates) -> None:
    assert list(findings(templates)) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("window: 'PT30M'", "window: 'PT7M'", "no-measurements: windowSize is PT7M, and must be one of PT5M, PT10M,"),
        ("every: 'PT10M'", "every: 'PT20M'", "no-measurements: evaluationFrequency is PT20M, and must be one of PT1M,"),
        ("window: 'PT30M'", "window: 'PT5M'", "no-measurements: looks each 0:10:00, and only 0:05:00 back"),
        (
            "windowSize: 'PT5M'",
            "windowSize: 'PT10M'",
            "dead-letter: windowSize is PT10M, and must be one of PT1M, PT5M",
        ),
        ("windowSize: 'PT5M'", "windowSize: 'PT1M'", "dead-letter: looks each 0:05:00, and only 0:01:00 back"),
        ("overrideQueryTimeRange: 'P2D'", "overrideQueryTimeRange: 'P3D'", "overrideQueryTimeRange is P3D"),
        (
            "overrideQueryTimeRange: 'P2D'",
            "overrideQueryTimeRange: 'PT6H'",
            "its query sees 6:00:00, and it looks 1 day",
        ),
        ("autoMitigate: false", "autoMitigate: true", "muteActionsDuration is for alerts with autoMitigate: false"),
        ("muteActionsDuration: 'P1D'", "muteActionsDuration: 'PT30M'", "is muted for 0:30:00, and looks each 1:00:00"),
        ("muteActionsDuration: 'P1D'", "muteActionsDuration: 'P7D'", "muteActionsDuration is P7D"),
        ("metricMeasureColumn: search.measure", "", "operator-blocked: counts rows or measures a column"),
        ("'DeadletteredMessages'", "'DeadLetteredMessages'", "namespaces DeadLetteredMessages is known"),
        ("'Microsoft.ServiceBus/namespaces'", "'Microsoft.ServiceBus'", "no metric Microsoft.ServiceBus Dead"),
        ("'EntityName'", "'QueueName'", "DeadletteredMessages has no dimension QueueName"),
    ],
)
def test_an_alert_that_azure_monitor_refuses_is_found(templates: Templates, old: str, new: str, expected: str) -> None:
    found = list(findings(templates.altered("modules/alerts.bicep", old, new)))
    assert any(expected in finding for finding in found), found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "numberOfEvaluationPeriods: 1",
            "numberOfEvaluationPeriods: 3",
            "looks 3 days, 0:00:00 back, and a log search",
        ),
        ("minFailingPeriodsToAlert: 1", "minFailingPeriodsToAlert: 2", "wants more failing periods than it looks at"),
    ],
)
def test_periods_that_azure_monitor_refuses_are_found(templates: Templates, old: str, new: str, expected: str) -> None:
    path = "modules/alerts.bicep"
    before, heading, after = templates.bicep[path].text.partition("resource noContractEvents ")
    assert heading, f"the planted fault is stale: {path} has no noContractEvents"
    alone, end, rest = after.partition("\n}\n")
    changed = planted(alone, old, new, where=f"noContractEvents of {path}")
    altered = templates.altered(path, before + heading + after, before + heading + changed + end + rest)
    found = list(findings(altered))
    assert any(f"no-contract-events: {expected}" in finding for finding in found), found
