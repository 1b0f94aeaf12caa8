"""host.json: only keys that the host knows, and values that fit the code, the triggers and the templates."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.contracts import Provisioning
from tests.infra.bicep import Templates
from tests.infra.project import STAGES, deployed, read_json

type Json = Mapping[str, Any]

ANYTHING = "anything"
# What the host of version 4 with extension bundle 4 reads; of the flat schema of Service Bus extension 5, all of it.
KNOWN: Json = {
    "version": None,
    "telemetryMode": None,
    "functionTimeout": None,
    "functions": None,
    "extensionBundle": {"id": None, "version": None},
    "extensions": {
        "http": {
            "routePrefix": None,
            "maxOutstandingRequests": None,
            "maxConcurrentRequests": None,
            "dynamicThrottlesEnabled": None,
            "hsts": {"isEnabled": None, "maxAge": None},
            "customHeaders": ANYTHING,
        },
        "serviceBus": {
            "clientRetryOptions": {
                "mode": None,
                "tryTimeout": None,
                "delay": None,
                "maxDelay": None,
                "maxRetries": None,
            },
            "prefetchCount": None,
            "transportType": None,
            "webProxy": None,
            "autoCompleteMessages": None,
            "maxAutoLockRenewalDuration": None,
            "maxConcurrentCalls": None,
            "maxConcurrentCallsPerSession": None,
            "maxConcurrentSessions": None,
            "maxMessageBatchSize": None,
            "minMessageBatchSize": None,
            "maxBatchWaitTime": None,
            "sessionIdleTimeout": None,
            "enableCrossEntityTransactions": None,
        },
    },
    "logging": {
        "fileLoggingMode": None,
        "logLevel": ANYTHING,
        "console": {"isEnabled": None, "DisableColors": None},
        "applicationInsights": {
            "samplingSettings": ANYTHING,
            "enableLiveMetrics": None,
            "enableDependencyTracking": None,
            "enablePerformanceCountersCollection": None,
            "httpAutoCollectionOptions": ANYTHING,
        },
    },
}


def findings(host: Json, templates: Templates) -> Iterator[str]:
    yield from _unknown(host, KNOWN, "")
    if host.get("version") != "2.0":
        yield "version must be 2.0"
    if not re.fullmatch(r"\[4\.\S+, 5\.0\.0\)", host["extensionBundle"]["version"]):
        yield "extensionBundle is not one of 4.x: those alone have extension 5 of Service Bus"
    if host["extensions"]["http"].get("routePrefix") != "":
        yield "routePrefix must be empty: /health and / are ours"
    service_bus = host["extensions"]["serviceBus"]
    if service_bus.get("prefetchCount") != 0:
        yield "prefetchCount must be 0: what is fetched ahead loses its lock while it waits"
    if service_bus.get("autoCompleteMessages") is not True:
        yield "autoCompleteMessages must be true: returning is what completes a message"
    yield from _renewal(_time_span(service_bus["maxAutoLockRenewalDuration"]), host, templates)
    if "telemetryMode" in host and "applicationInsights" in host.get("logging", {}):
        yield "logging.applicationInsights is not read beside telemetryMode: what is sent is sent once"


def _renewal(renewed_for: timedelta, host: Json, templates: Templates) -> Iterator[str]:
    """How long a handler may wait for storage: less than its message's lock is held, and than a function may run."""
    (waits,) = (field.default for field in fields(Provisioning) if field.name == "patience_seconds")
    patience = timedelta(seconds=float(str(waits)))
    if patience >= renewed_for:
        yield f"a handler waits for {patience}, but the lock is renewed for {renewed_for} only"
    if "functionTimeout" in host and renewed_for > _time_span(host["functionTimeout"]):
        yield "maxAutoLockRenewalDuration is longer than a function may run"
    for stage in STAGES:
        stack = deployed(templates, stage)
        for subscription in stack.of_type("Microsoft.ServiceBus/namespaces/topics/subscriptions"):
            lock = TypeAdapter(timedelta).validate_python(subscription.at("properties.lockDuration"))
            if renewed_for > lock:
                yield f"{stage}: maxAutoLockRenewalDuration is {renewed_for}, and the lock lasts {lock} without it"


def _time_span(text: str) -> timedelta:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _unknown(given: Json, known: Json, path: str) -> Iterator[str]:
    for name, value in given.items():
        at = f"{path}.{name}".lstrip(".")
        if name not in known:
            yield f"{at} is not known"
        elif isinstance(known[name], Mapping):
            yield from _unknown(value, known[name], at)
        elif known[name] is None and isinstance(value, Mapping):
            yield f"{at} has nothing below it"


def test_host_json_is_one_that_the_host_reads(templates: Templates) -> None:
    assert list(findings(read_json("host.json"), templates)) == []


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("extensions.serviceBus.messageHandlerOptions", {"autoComplete": True}, "messageHandlerOptions is not known"),
        ("extensions.serviceBus.maxAutoRenewDuration", "00:05:00", "extensions.serviceBus.maxAutoRenewDuration is not"),
        ("extensions.serviceBus.prefetchCount", 20, "prefetchCount must be 0"),
        ("extensions.serviceBus.autoCompleteMessages", False, "autoCompleteMessages must be true"),
        ("extensions.serviceBus.maxAutoLockRenewalDuration", "00:04:00", "a handler waits for 0:04:00"),
        ("extensions.serviceBus.maxAutoLockRenewalDuration", "00:06:00", "the lock lasts 0:05:00 without it"),
        ("extensions.http.routePrefix", "api", "routePrefix must be empty"),
        ("extensions.servicebus", {}, "extensions.servicebus is not known"),
        ("telemetryMode", {"on": True}, "telemetryMode has nothing below it"),
        ("functionTimeout", "00:01:00", "longer than a function may run"),
        ("version", "1.0", "version must be 2.0"),
        ("extensionBundle.version", "[3.*, 4.0.0)", "extensionBundle is not one of 4.x"),
        ("extensionBundle.version", "[4.*, 6.0.0)", "extensionBundle is not one of 4.x"),
    ],
)
def test_a_wrong_value_is_found(templates: Templates, path: str, value: Any, expected: str) -> None:
    host = read_json("host.json")
    *above, last = path.split(".")
    place = host
    for name in above:
        place = place[name]
    place[last] = value
    found = list(findings(host, templates))
    assert any(expected in finding for finding in found), found
