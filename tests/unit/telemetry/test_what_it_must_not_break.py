"""Whatever is wrong with telemetry, what it tells of goes on: nothing fails, waits or is taken for something else."""

import asyncio
import logging
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter
from azure.servicebus.exceptions import ServiceBusError

from functions import deliveries
from shared.background import Background
from shared.delivery import DeliveriesQueue, DeliveryState
from shared.foundation import Foundation
from shared.settings import read_settings
from shared.telemetry import LINES_WAITING, continuing, flush, record, span, start_exporting, stop, use_telemetry
from shared.telemetry import exporting as to_application_insights
from shared.telemetry.building import resource
from shared.telemetry.telemetry import current
from tests.unit.delivery.progress import delivery_of
from tests.unit.sessions.platform_messages import GLN
from tests.unit.sessions.world import World
from tests.unit.telemetry.test_traces import SESSION, _message, _user_function
from tests.unit.telemetry.test_where_it_goes import REQUIRED
from tests.unit.telemetry.watched import Watched, parent_id

INGESTION = "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:{port}/"
NO_TEXTS: list[Any] = [5, True, 1.5, b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", [5], ["a"], {"a": 1}]


@pytest.fixture
def never_answering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """An ingestion that takes connections and says nothing: the system takes them for it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # what it could not send would wait there
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield INGESTION.format(port=server.getsockname()[1])
    stop()


@pytest.mark.parametrize("odd", [*NO_TEXTS, "x" * 1_000_000, "\ud800"], ids=str)
async def test_a_message_whose_trace_is_none_is_delivered_all_the_same(
    connected: World, watched: Watched, odd: Any
) -> None:
    telemetry = watched.telemetry
    use_telemetry(None)
    await connected.settled()
    use_telemetry(telemetry)
    asked = {"gln": GLN, "sessionId": SESSION, "transactionId": SESSION}
    await _user_function(deliveries.deliver)(_message(asked, {"traceparent": odd}))
    assert (await delivery_of(connected)).state is DeliveryState.DELIVERED
    assert parent_id(watched.span("delivery")) is None


@pytest.mark.parametrize("odd", NO_TEXTS, ids=str)
def test_nor_does_a_span_fail_for_it(watched: Watched, odd: Any) -> None:
    with continuing(odd), span("delivery", parent=odd):
        pass
    assert parent_id(watched.span("delivery")) is None


@pytest.mark.parametrize("setting", ["OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BLRP_MAX_QUEUE_SIZE"])
def test_telemetry_that_cannot_start_fails_nobody_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, setting: str
) -> None:
    monkeypatch.setenv(setting, "1")  # less than a batch, which the SDK does not take
    _is_off_and_told(INGESTION.format(port=9), caplog)


@pytest.mark.parametrize(
    "connection",
    [
        "nonsense",
        "IngestionEndpoint=http://127.0.0.1:9/",
        "InstrumentationKey=0000",
        "InstrumentationKey=00000000-0000-0000-0000-00000000000A",
        f"{INGESTION.format(port=9)};",
    ],
)
def test_a_connection_that_the_exporter_cannot_read_leaves_the_log_where_it_was(
    caplog: pytest.LogCaptureFixture, connection: str
) -> None:
    with pytest.raises(ValueError, match=r"nvalid|cannot be none"):
        AzureMonitorTraceExporter(connection_string=connection)
    _is_off_and_told(connection, caplog)


def _is_off_and_told(connection: str, caplog: pytest.LogCaptureFixture) -> None:
    where = {"APPLICATIONINSIGHTS_CONNECTION_STRING": connection}
    try:
        Foundation(settings=read_settings(REQUIRED | where)).watch()
        assert current() is None
    finally:
        stop()
    [said] = caplog.records
    assert (said.name, said.levelno) == ("shared.foundation", logging.ERROR)
    assert logging.getLogger("shared").propagate


async def test_an_ingestion_that_never_answers_is_not_waited_for_long(
    never_answering: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_application_insights, "_LONGEST_SILENCE_SECONDS", 0.2)
    start_exporting(connection_string=never_answering, kept_share=1.0)
    with span("delivery"):
        record(LINES_WAITING, 3, gln=GLN, state="retrying")
        logging.getLogger("shared.delivery").warning("tried again")
    async with asyncio.timeout(20):
        await flush()


async def test_a_flush_that_hangs_keeps_neither_its_caller_nor_a_thread_that_others_need(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the identity is asked for a token and does not answer, for which the exporter has no limit."""
    monkeypatch.setattr("shared.telemetry.telemetry._LONGEST_FLUSH_SECONDS", 0.1)
    goes_on, begun = threading.Event(), list[str]()

    def hang() -> None:
        begun.append(threading.current_thread().name)
        goes_on.wait()

    use_telemetry(replace(watched.telemetry, flush=hang))
    try:
        async with asyncio.timeout(10):
            for _ in range(50):
                await flush()
            await asyncio.gather(*(asyncio.to_thread(time.monotonic) for _ in range(50)))
        assert len(begun) == 1
    finally:
        goes_on.set()
        use_telemetry(watched.telemetry)


async def test_a_flush_that_fails_is_told_and_fails_nobody(watched: Watched) -> None:
    def fail() -> None:
        raise RuntimeError("MeterProvider.force_flush failed")

    use_telemetry(replace(watched.telemetry, flush=fail))
    try:
        await flush()
        await flush()
    finally:
        use_telemetry(watched.telemetry)
    assert [record.log_record.body for record in watched.log_records()] == ["telemetry could not be sent at once"] * 2


def test_each_of_many_operators_has_gauges_of_its_own(watched: Watched) -> None:
    operators = [f"708{number:010}" for number in range(3_000)]
    for gln in operators:
        for state in ("pending", "sending", "retrying", "blocked"):
            record(LINES_WAITING, 1, gln=gln, state=state)
    told = watched.metrics()["connector.lines.waiting"]
    assert len(told) == 4 * len(operators)
    assert {dict(each).get("gln") for each in told} == set(operators)


async def test_what_is_said_of_many_is_not_said_of_the_first_of_them(watched: Watched) -> None:
    class Away:
        async def send_messages(self, _: Any) -> None:
            raise ServiceBusError("gone")

    background = Background()
    queue = DeliveriesQueue(sender=Away(), background=background)  # type: ignore[arg-type]  # all of it that is used
    with span("session-stop", gln=GLN, reference=SESSION):
        await queue.ask_for_attempt(gln=GLN, session_id=SESSION, transaction_id=SESSION)
    await background.settle()
    [said] = watched.log_records()
    assert "the deliveries queue is away" in str(said.log_record.body)
    assert dict(said.log_record.attributes or {}) == {}


@pytest.mark.parametrize("name", ["WEBSITE_INSTANCE_ID", "WEBSITE_POD_NAME"])
def test_instances_can_be_told_apart_wherever_they_run(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for each in ("WEBSITE_INSTANCE_ID", "WEBSITE_POD_NAME"):
        monkeypatch.delenv(each, raising=False)
    found = set()
    for number in range(3):
        monkeypatch.setenv(name, f"0--1c2d3e4f-5a6b-7c8d-9e0f-{number:012}")
        found.add(resource().attributes["service.instance.id"])
    assert len(found) == 3
