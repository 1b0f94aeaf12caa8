"""What Azure would refuse, or silently ignore, is refused and named."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.functions_host.faults import ConfigurationFault
from local.functions_host.host_json import ServiceBusOptions, read_host_json
from local.functions_host.indexing import IndexedFunction
from local.functions_host.service_bus_trigger import ServiceBusTrigger
from local.functions_host.settings import connection_string, load_settings, resolve
from local.functions_host.timer_trigger import TimerTrigger
from tests.stack.functions_host_sample.running_host import NO_BROKER, SAMPLE


def _function(**trigger: Any) -> IndexedFunction:
    trigger = {"name": "given", **trigger}
    return IndexedFunction(name="example", id="1", trigger=trigger, bindings=(trigger,))


def _host_json(folder: Path, extensions: object, **more: object) -> Path:
    (folder / "host.json").write_text(json.dumps({"version": "2.0", "extensions": extensions, **more}))
    return folder


def test_host_json_is_read() -> None:
    host_json = read_host_json(app_folder=SAMPLE)

    assert host_json.extensions.http.route_prefix == "api"
    assert host_json.extensions.service_bus.max_auto_lock_renewal == timedelta(minutes=5)
    assert host_json.extensions.service_bus.max_concurrent_calls == 16


def test_what_host_json_does_not_say_is_what_azure_assumes(tmp_path: Path) -> None:
    host_json = read_host_json(app_folder=_host_json(tmp_path, {}))

    assert host_json.extensions.http.route_prefix == "api"
    assert host_json.extensions.service_bus == ServiceBusOptions()
    assert host_json.extension_bundle is None


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"messageHandlerOptions": {"maxConcurrentCalls": 4}}, "messageHandlerOptions"),
        ({"prefetchCount": 5}, "prefetchCount"),
        ({"autoCompleteMessages": False}, "autoCompleteMessages"),
        ({"maxConcurrentCalls": 0}, "maxConcurrentCalls"),
        ({"maxAutoLockRenewalDuration": "PT5M"}, "maxAutoLockRenewalDuration"),
        ({"maxAutoLockRenewalDuration": 300}, "maxAutoLockRenewalDuration"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, options: object, fault: str) -> None:
    with pytest.raises(ConfigurationFault, match=f"host.json: extensions.serviceBus.{fault}"):
        read_host_json(app_folder=_host_json(tmp_path, {"serviceBus": options}))


def test_a_host_json_of_another_version_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match=r"host.json cannot be read"):
        read_host_json(app_folder=tmp_path)
    with pytest.raises(ConfigurationFault, match=r"host.json: version"):
        read_host_json(app_folder=_host_json(tmp_path, {}, version="1.0"))


@pytest.mark.parametrize(
    "content",
    [
        "{not json",
        [],
        {"IsEncrypted": True, "Values": {}},
        {"Values": {"Greeting": 1}},
        {"Greeting": "not in Values"},
    ],
)
def test_local_settings_that_core_tools_would_not_take_are_refused(tmp_path: Path, content: object) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / "local.settings.json").write_text(text)

    with pytest.raises(ConfigurationFault, match=r"local\.settings\.json"):
        load_settings(app_folder=tmp_path)


def test_settings_are_put_where_percent_signs_ask_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Part", "two")

    assert resolve("one-%Part%-three-%Part%, 100 % sure") == "one-two-three-two, 100 % sure"
    with pytest.raises(ConfigurationFault, match="setting Absent is missing"):
        resolve("%Part%-%Absent%")


def test_one_broker_serves_deliveries_too_where_no_other_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DeliveriesConnection", raising=False)
    monkeypatch.setenv("ServiceBusConnection", "one")
    assert connection_string("DeliveriesConnection") == "one"

    monkeypatch.setenv("DeliveriesConnection", "two")
    assert connection_string("DeliveriesConnection") == "two"
    assert connection_string("ServiceBusConnection") == "one"

    monkeypatch.delenv("ServiceBusConnection")
    with pytest.raises(ConfigurationFault, match="setting ServiceBusConnection is missing"):
        connection_string("ServiceBusConnection")


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *",
        "@hourly",
        "0 0 25 * * *",
        "0 0 0 L * *",
        "0 0 0 ? * *",
        "00:05:00",
        "0 0 0 * * MON#2",
        "",
        "0 0 0 0 * *",
    ],
)
def test_a_schedule_that_azure_would_refuse_is_refused(schedule: str) -> None:
    with pytest.raises(ConfigurationFault, match="is not six-field NCRONTAB"):
        TimerTrigger(function=_function(type="timerTrigger", schedule=schedule))


@pytest.mark.parametrize(
    ("schedule", "following"),
    [
        ("*/10 * * * * *", datetime(2026, 3, 10, 12, 0, 10, tzinfo=UTC)),
        ("30 */5 * * * *", datetime(2026, 3, 10, 12, 0, 30, tzinfo=UTC)),
        ("0 15 4 * * *", datetime(2026, 3, 11, 4, 15, tzinfo=UTC)),
        ("0 0 6 * * MON-FRI", datetime(2026, 3, 11, 6, tzinfo=UTC)),
        ("0 0 6 13 * FRI", datetime(2026, 3, 13, 6, tzinfo=UTC)),
        ("0 0 6 14 * FRI", datetime(2026, 8, 14, 6, tzinfo=UTC)),
        ("0 0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_a_timer_is_due_when_every_field_says_so(schedule: str, following: datetime) -> None:
    timer = TimerTrigger(function=_function(type="timerTrigger", schedule=schedule))

    assert timer.next_run(after=datetime(2026, 3, 10, 12, tzinfo=UTC)) == following


@pytest.mark.parametrize(
    ("trigger", "connection", "fault"),
    [
        ({"cardinality": "many"}, NO_BROKER, "batches and sessions"),
        ({"isSessionsEnabled": True}, NO_BROKER, "batches and sessions"),
        ({}, "nonsense", "setting Bus is no connection string"),
        ({}, "", "setting Bus is missing"),
        ({"queueName": "%Absent%"}, NO_BROKER, "setting Absent is missing"),
    ],
)
def test_a_queue_that_cannot_be_served_is_refused(
    monkeypatch: pytest.MonkeyPatch, trigger: dict[str, object], connection: str, fault: str
) -> None:
    monkeypatch.setenv("Bus", connection)
    function = _function(**{"type": "serviceBusTrigger", "queueName": "q", "connection": "Bus", **trigger})

    with pytest.raises(ConfigurationFault, match=fault):
        ServiceBusTrigger(function=function, options=ServiceBusOptions())
