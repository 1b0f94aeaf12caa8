"""Topic, subscription, rule and queue are the same in the templates, on a developer's machine and in the triggers."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.infra.bicep import Stack, Templates
from tests.infra.project import STAGES, app_settings, child_of, deployed, read_json

LOCAL = read_json("local/service_bus/Config.json")["UserConfig"]["Namespaces"][0]
TOPICS = "Microsoft.ServiceBus/namespaces/topics"
# The emulator keeps no message for longer than an hour, and detects duplicates only with a window of its own.
NOT_COMPARED = {"DefaultMessageTimeToLive", "DuplicateDetectionHistoryTimeWindow"}
NEVER = "P10675199DT2H48M5.4775807S"


def findings(templates: Templates, triggers: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Where the three differ, each stage with its own topic."""
    for stage in STAGES:
        stack = deployed(templates, stage)
        for finding in [*_topic(stack), *_queue(stack), *_triggers(stack, triggers), *_always_ready(stack, triggers)]:
            yield f"{stage}: {finding}"


def _differences(what: str, deployed_properties: Mapping[str, Any], local: Mapping[str, Any]) -> Iterator[str]:
    """An empty text of the emulator's file is nothing here."""
    for name, value in local.items():
        wire = name[0].lower() + name[1:]
        ours = deployed_properties.get(wire)
        if name not in NOT_COMPARED and ours != value and (ours or value):
            yield f"{what}.{wire} is {ours!r}, and {value!r} in Config.json"
    if deployed_properties.get("autoDeleteOnIdle") != NEVER:
        yield f"{what}.autoDeleteOnIdle is not said: what nobody uses for a while would be deleted"


def _topic(stack: Stack) -> Iterator[str]:
    (topic,) = stack.of_type(TOPICS)
    (subscription,) = child_of(stack, topic, f"{TOPICS}/subscriptions")
    rules = child_of(stack, subscription, f"{TOPICS}/subscriptions/rules")
    local = LOCAL["Topics"][0]
    local_subscription = local["Subscriptions"][0]
    yield from _differences("topic", topic.at("properties"), local["Properties"])
    yield from _differences("subscription", subscription.at("properties"), local_subscription["Properties"])
    if subscription.name != local_subscription["Name"]:
        yield f"subscription is called {subscription.name!r}, and {local_subscription['Name']!r} in Config.json"
    if not subscription.at("properties.deadLetteringOnFilterEvaluationExceptions"):
        yield "subscription: a message that the rule cannot read would be lost"
    ours = [(rule.name, rule.at("properties.sqlFilter.sqlExpression")) for rule in rules]
    theirs = [(rule["Name"], rule["Properties"]["SqlFilter"]["SqlExpression"]) for rule in local_subscription["Rules"]]
    if ours != theirs:
        yield f"the rules are {ours}, and {theirs} in Config.json"


def _queue(stack: Stack) -> Iterator[str]:
    (queue,) = stack.of_type("Microsoft.ServiceBus/namespaces/queues")
    local = LOCAL["Queues"][0]
    yield from _differences("queue", queue.at("properties"), local["Properties"])
    if queue.name != local["Name"]:
        yield f"queue is called {queue.name!r}, and {local['Name']!r} in Config.json"


def _triggers(stack: Stack, triggers: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Each Service Bus trigger listens where the templates put what it listens to."""
    settings = app_settings(stack)
    namespaces = {found.symbol: found.name for found in stack.of_type("Microsoft.ServiceBus/namespaces")}
    entities = {
        str(found.name): found for kind in ("topics", "queues") for found in stack.of_type(f"{TOPICS[:-7]}/{kind}")
    }
    subscriptions = {found.name for found in stack.of_type(f"{TOPICS}/subscriptions")}
    for name, trigger in triggers.items():
        if trigger["type"] != "serviceBusTrigger":
            continue
        entity = settings.get(str(trigger.get("topicName") or trigger["queueName"]).strip("%"), "")
        if entity not in entities:
            yield f"{name} listens to {entity!r}, which is not there"
            continue
        namespace = namespaces[str(entities[entity].parent)]
        host = settings.get(f"{trigger['connection']}__fullyQualifiedNamespace")
        if host != f"{namespace}.servicebus.windows.net":
            yield f"{name} connects to {host}, but {entity} is in {namespace}"
        subscription = settings.get(str(trigger.get("subscriptionName", "")).strip("%"))
        if "subscriptionName" in trigger and subscription not in subscriptions:
            yield f"{name} listens to subscription {subscription!r}, which is not there"


def _always_ready(stack: Stack, triggers: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    (site,) = stack.of_type("Microsoft.Web/sites")
    for group in site.at("properties.functionAppConfig.scaleAndConcurrency.alwaysReady"):
        function = str(group["name"]).removeprefix("function:")
        kind = triggers.get(function, {}).get("type")
        if group["name"] != "http" and (kind is None or kind == "httpTrigger"):
            yield f"alwaysReady {group['name']}: no such function, or one that is in the group http"


def test_they_are_the_same(templates: Templates, triggers: Mapping[str, Mapping[str, Any]]) -> None:
    assert list(findings(templates, triggers)) == []


def test_each_stage_has_the_topic_that_utility_cloud_publishes_to(templates: Templates) -> None:
    names = {stage: deployed(templates, stage).of_type(TOPICS)[0].name for stage in STAGES}
    assert names == {"staging": "utilitycloudcontracteventstest", "production": "utilitycloudcontracteventsprod"}
    assert LOCAL["Topics"][0]["Name"] == names["staging"]


ANOTHER_RULE = f"""resource anotherRule '{TOPICS}/subscriptions/rules@2024-01-01' = {{
  parent: subscription
  name: 'lets-all-through'
  properties: {{ filterType: 'SqlFilter', sqlFilter: {{ sqlExpression: '1=1' }} }}
}}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("lockDuration: 'PT5M'", "lockDuration: 'PT4M'", "subscription.lockDuration is 'PT4M', and 'PT5M'"),
        ("lockDuration: 'PT1M'", "lockDuration: 'PT2M'", "queue.lockDuration is 'PT2M'"),
        ("name: '$Default'", "name: 'only-ours'", "the rules are [('only-ours'"),
        ("EventName IN (", "EventName IN (\\'X\\', ", "the rules are"),
        ("subscriptionName = 'connector'", "subscriptionName = 'conector'", "subscription is called 'conector'"),
        ("queueName = 'deliveries'", "queueName = 'delivery'", "queue is called 'delivery'"),
        ("deadLetteringOnFilterEvaluationExceptions: true", "", "that the rule cannot read would be lost"),
        ("resource rule '", f"{ANOTHER_RULE}resource rule '", "('lets-all-through', '1=1')"),
    ],
)
def test_a_difference_is_found(
    templates: Templates, triggers: Mapping[str, Mapping[str, Any]], old: str, new: str, expected: str
) -> None:
    found = list(findings(templates.altered("modules/service-bus.bicep", old, new), triggers))
    assert any(expected in finding for finding in found), found


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("maxDeliveryCount", "11", "maxDeliveryCount is 11, and 10"),
        ("autoDeleteOnIdle", "'PT1H'", "autoDeleteOnIdle is not said"),
        ("deadLetteringOnMessageExpiration", "'other'", "deadLetteringOnMessageExpiration is 'other', and "),
        ("requiresDuplicateDetection", "true", "requiresDuplicateDetection is True, and False"),
    ],
)
def test_a_difference_anywhere_is_found(
    templates: Templates, triggers: Mapping[str, Mapping[str, Any]], name: str, value: str, expected: str
) -> None:
    path = "modules/service-bus.bicep"
    lines = templates.bicep[path].text.splitlines(keepends=True)
    places = [index for index, line in enumerate(lines) if line.strip().startswith(f"{name}:")]
    assert len(places) >= 2, f"the planted fault is stale: {path} sets {name} {len(places)} times"
    for place in places:
        other = "".join(f"{name}: {value}\n" if index == place else line for index, line in enumerate(lines))
        found = list(findings(templates.altered(path, "".join(lines), other), triggers))
        assert any(expected in finding for finding in found), f"line {place + 1}: {found}"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("'function:contract_event'", "'function:contract_events'", "alwaysReady function:contract_events"),
        ("'function:contract_event'", "'function:health'", "alwaysReady function:health"),
        (
            "name: 'ContractEventsTopic', value: contractEventsTopic",
            "name: 'X', value: ''",
            "contract_event listens to ''",
        ),
        (
            "name: 'DeliveriesConnection__fullyQualifiedNamespace', value: deliveriesNamespaceHost",
            "name: 'DeliveriesConnection__fullyQualifiedNamespace', value: contractNamespaceHost",
            "deliver connects to",
        ),
    ],
)
def test_a_trigger_that_listens_elsewhere_is_found(
    templates: Templates, triggers: Mapping[str, Mapping[str, Any]], old: str, new: str, expected: str
) -> None:
    found = list(findings(templates.altered("modules/function-app.bicep", old, new), triggers))
    assert any(expected in finding for finding in found), found
