"""`Config.json`, and that nothing in such a file is dropped in silence."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.service_bus import (
    QueueSettings,
    SubscriptionSettings,
    TopicSettings,
    Topology,
    TopologyError,
    read_topology,
)
from local.service_bus.rules import CorrelationRule, SqlRule
from local.service_bus.topology import CONFIG_FILE

type Document = dict[str, Any]


@pytest.fixture
def document() -> Document:
    parsed: Document = json.loads(CONFIG_FILE.read_text())
    return parsed


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Document], Topology]:
    def read_document(document: Document) -> Topology:
        file = tmp_path / "Config.json"
        file.write_text(json.dumps(document))
        return read_topology(path=file)

    return read_document


def namespace(document: Document) -> Document:
    found: Document = document["UserConfig"]["Namespaces"][0]
    return found


def subscription(document: Document) -> Document:
    found: Document = namespace(document)["Topics"][0]["Subscriptions"][0]
    return found


def rule(document: Document) -> Document:
    found: Document = subscription(document)["Rules"][0]["Properties"]
    return found


def test_the_projects_topology() -> None:
    expression = (
        "(NOT EXISTS(ServiceType) OR ServiceType = 'ChargingAgreement') AND (NOT EXISTS(EventName) OR EventName IN "
        "('ContractActivated', 'ContractUpdated', 'ContractTerminated'))"
    )
    hour = timedelta(hours=1)
    assert read_topology() == Topology(
        queues=(
            QueueSettings(
                name="deliveries",
                lock_duration=timedelta(minutes=1),
                max_delivery_count=10,
                time_to_live=hour,
                dead_letter_expired=False,
            ),
        ),
        topics=(
            TopicSettings(
                name="utilitycloudcontracteventstest",
                time_to_live=hour,
                subscriptions=(
                    SubscriptionSettings(
                        name="connector",
                        lock_duration=timedelta(minutes=5),
                        max_delivery_count=10,
                        time_to_live=hour,
                        dead_letter_expired=True,
                        rules=(SqlRule("$Default", expression),),
                    ),
                ),
            ),
        ),
    )


def test_what_is_left_out_is_as_in_the_emulator(document: Document, read: Callable[[Document], Topology]) -> None:
    namespace(document)["Queues"] = [
        {"Name": "bare"},
        {"Name": "b", "Properties": {"RequiresDuplicateDetection": True}},
    ]
    del subscription(document)["Rules"]
    topology = read(document)
    bare, duplicates = topology.queues
    assert (bare.lock_duration, bare.max_delivery_count, bare.duplicate_window) == (timedelta(minutes=1), 3, None)
    assert duplicates.duplicate_window == timedelta(seconds=20)
    assert topology.topics[0].subscriptions[0].rules == ()


def test_a_correlation_filter(document: Document, read: Callable[[Document], Topology]) -> None:
    given = {"Label": "no-1", "CorrelationId": "7", "Properties": {"Zone": 4, "Open": True}}
    subscription(document)["Rules"] = [
        {"Name": "north", "Properties": {"FilterType": "Correlation", "CorrelationFilter": given}}
    ]
    (only,) = read(document).topics[0].subscriptions[0].rules
    assert only == CorrelationRule("north", {"Label": "no-1", "CorrelationId": "7"}, {"Zone": 4, "Open": True})


def put(place: Callable[[Document], Document], name: str, value: Any) -> Callable[[Document], None]:
    return lambda document: place(document).update({name: value})


def remove(place: Callable[[Document], Document], name: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        del place(document)[name]

    return change


def queue(document: Document) -> Document:
    found: Document = namespace(document)["Queues"][0]["Properties"]
    return found


def of_subscription(document: Document) -> Document:
    found: Document = subscription(document)["Properties"]
    return found


SQL = "Topics.0.Subscriptions.0.Rules.0.Properties"
CORRELATION = {"FilterType": "Correlation", "CorrelationFilter": {}}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (put(rule, "FilterType", "SqlFilter"), f"{SQL}.FilterType: Input should be 'Correlation' or 'Sql'"),
        (put(rule, "FilterType", "Correlation"), "Correlation needs CorrelationFilter"),
        (remove(rule, "FilterType"), f"{SQL}.FilterType: Field required"),
        (remove(rule, "SqlFilter"), "Sql needs SqlFilter"),
        (put(rule, "SqlFilter", {"SqlExpression": "EventName ="}), f"{SQL}.SqlFilter.SqlExpression: Value error"),
        (put(rule, "Action", {}), f"{SQL}.Action: Extra inputs"),
        (put(rule, "CorrelationFilter", {"Label": "x"}), "no other filter"),
        (remove(namespace, "Queues"), "Namespaces.0.Queues: Field required"),
        (remove(namespace, "Topics"), "Namespaces.0.Topics: Field required"),
        (put(namespace, "Name", "mine"), "Namespaces.0.Name: Input should be 'sbemulatorns'"),
        (put(queue, "MaxDeliveryCount", 11), "Queues.0.Properties.MaxDeliveryCount: Input should be less than"),
        (put(queue, "MaxDeliveryCount", 0), "Queues.0.Properties.MaxDeliveryCount: Input should be greater than"),
        (put(queue, "MaxDeliveryCount", "10"), "Queues.0.Properties.MaxDeliveryCount: Input should be a valid integer"),
        (put(queue, "LockDuration", "PT6M"), "Queues.0.Properties.LockDuration: Input should be less than"),
        (put(queue, "LockDuration", "00:01:00"), "LockDuration: Value error, '00:01:00' is not an ISO 8601 duration"),
        (put(queue, "LockDuration", 60), "LockDuration: Value error, 60 is not an ISO 8601 duration"),
        (put(queue, "LockDuration", "PTx"), "Queues.0.Properties.LockDuration: Input should be a valid duration"),
        (put(queue, "DefaultMessageTimeToLive", "P1D"), "DefaultMessageTimeToLive: Input should be less than"),
        (put(queue, "RequiresSession", True), "Queues.0.Properties.RequiresSession: Input should be False"),
        (put(queue, "ForwardTo", "elsewhere"), "Queues.0.Properties.ForwardTo: Input should be ''"),
        (put(queue, "MaxDeliverycount", 3), "Queues.0.Properties.MaxDeliverycount: Extra inputs"),
        (
            put(of_subscription, "LockDuration", "PT30S"),
            "Subscriptions.0.Properties.LockDuration: Input should be greater",
        ),
        (put(namespace, "Queues", [{"Name": "UtilityCloudContractEventsTest"}]), "used more than once"),
        (
            put(lambda document: namespace(document)["Topics"][0], "Subscriptions", []),
            "Topics.0.Subscriptions: Value error",
        ),
        (put(namespace, "Queues", [{"Name": "$x"}]), "Queues.0.Name: String should match"),
        (
            put(subscription, "Rules", [{"Name": "$Other", "Properties": CORRELATION}]),
            "Rules.0.Name: String should match",
        ),
        (put(subscription, "Rules", [{"Name": "x", "Properties": CORRELATION}]), "at least one property"),
        (remove(lambda document: document, "UserConfig"), "UserConfig: Field required"),
        (remove(lambda document: document["UserConfig"], "Logging"), "UserConfig.Logging: Field required"),
    ],
)
def test_a_fault_is_refused_with_its_path(
    document: Document, read: Callable[[Document], Topology], change: Callable[[Document], None], fault: str
) -> None:
    change(document)
    with pytest.raises(TopologyError) as refused:
        read(document)
    assert any(fault in each for each in refused.value.faults), refused.value.faults


def test_all_faults_are_told_at_once(document: Document, read: Callable[[Document], Topology]) -> None:
    queue(document)["MaxDeliveryCount"] = 99
    rule(document)["FilterType"] = "sql"
    with pytest.raises(TopologyError) as refused:
        read(document)
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "Config.json"
    file.write_text(text)
    with pytest.raises(TopologyError, match=r"Config\.json"):
        read_topology(path=file)
    with pytest.raises(TopologyError, match="cannot be read"):
        read_topology(path=tmp_path / "absent.json")
