"""Where telemetry goes: nowhere, into the log, or by Microsoft's exporter to what here plays Application Insights."""

import asyncio
import gzip
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shared.foundation import Foundation
from shared.settings import SettingsFaulty, read_settings
from shared.telemetry import Counts, call_span, flush, record, span, start_exporting, start_printing, stop, told_span
from shared.telemetry.exporting import _OF_ITS_OWN
from shared.telemetry.instruments import LINES_WAITING
from shared.telemetry.telemetry import current
from tests.unit.sessions.platform_messages import GLN
from tests.unit.telemetry.watched import trace_id, watching

PROJECT = Path(__file__).parents[3]
OFF = """
import sys
import function_app
from shared.telemetry import Counts, record, span, traceparent, LINES_WAITING
with span("delivery", gln="1") as told:
    told.tell(outcome="delivered")
record(LINES_WAITING, 1, gln="1")
Counts().of("stops")("settled", gln="1")
assert traceparent() is None
print(*[name for name in sys.modules if name.startswith(("opentelemetry", "azure.monitor", "requests"))])
"""
WITHOUT_THE_EXPORTER = """
import sys
from shared.telemetry import start_exporting, span
key = "00000000-0000-0000-0000-000000000001"
connection = f"InstrumentationKey={key};IngestionEndpoint=http://127.0.0.1:9/"
start_exporting(connection_string=connection, kept_share=1.0)
with span("authorization"):
    pass
print(*[name for name in sys.modules if name.startswith(("azure.monitor", "requests", "msrest"))])
import os; sys.stdout.flush(); os._exit(0)
"""


class Ingestion(ThreadingHTTPServer):
    """Takes what exporters send."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.taken: list[dict[str, Any]] = []

    @property
    def connection_string(self) -> str:
        """To reach it."""
        key = "00000000-0000-0000-0000-000000000001"
        return f"InstrumentationKey={key};IngestionEndpoint=http://127.0.0.1:{self.server_port}/"

    def of(self, kind: str) -> list[dict[str, Any]]:
        """What was taken of a kind."""
        return [each for each in self.taken if each["data"]["baseType"] == kind]


class _Taking(BaseHTTPRequestHandler):
    server: Ingestion

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        items = json.loads(body)
        self.server.taken += items
        answer = json.dumps({"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def ingestion(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Ingestion]:
    """Nothing else is reached: proxies of the machine are not for it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # what it could not send would wait there
    for name in [*os.environ, *_OF_ITS_OWN]:
        if name.startswith("APPLICATIONINSIGHTS_"):
            monkeypatch.delenv(name, raising=False)
    with Ingestion() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            stop()
            server.shutdown()
            thread.join()


def _printed(program: str) -> str:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=PROJECT, env={}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_while_it_is_off_nothing_is_imported() -> None:
    assert _printed(OFF) == ""


def test_the_exporter_is_not_imported_by_whoever_is_waited_for() -> None:
    assert _printed(WITHOUT_THE_EXPORTER) == ""


async def test_application_insights_gets_spans_metrics_and_log_records(ingestion: Ingestion) -> None:
    start_exporting(connection_string=ingestion.connection_string, kept_share=1.0)
    with span("delivery", gln=GLN, reference="1032427936") as told:
        with call_span("send-line", host="api.utilitycloud.app") as call:
            call.answered(503)
        logging.getLogger("shared.delivery").warning("tried again")
        told.tell(outcome="retrying", failed=True)
    Counts().of("deliveries")("retrying", gln=GLN, mode="costed-transaction")
    record(LINES_WAITING, 3, gln=GLN, state="retrying")
    await flush()
    spans = [each["data"]["baseData"] for each in ingestion.of("RemoteDependencyData")]
    delivery, sent = sorted(spans, key=lambda each: str(each["name"]))
    assert (delivery["name"], delivery["success"], delivery["type"]) == ("delivery", False, "InProc")
    assert delivery["properties"] == {"gln": GLN, "reference": "1032427936", "outcome": "retrying"}
    assert (sent["name"], sent["success"], sent["target"]) == ("send-line", False, "api.utilitycloud.app")
    assert sent["properties"] == {"status": "503"}
    [logged] = ingestion.of("MessageData")
    assert logged["data"]["baseData"]["message"] == "tried again"
    assert logged["data"]["baseData"]["properties"]["reference"] == "1032427936"
    assert logged["tags"]["ai.operation.id"] == ingestion.of("RemoteDependencyData")[0]["tags"]["ai.operation.id"]
    metrics = {
        each["data"]["baseData"]["metrics"][0]["name"]: each["data"]["baseData"] for each in ingestion.of("MetricData")
    }
    assert metrics.keys() == {"connector.lines", "connector.lines.waiting"}
    assert metrics["connector.lines"]["metrics"][0]["value"] == 1
    assert metrics["connector.lines"]["properties"] == {"gln": GLN, "mode": "costed-transaction", "state": "retrying"}
    assert len(ingestion.taken) == 5, "what else is told?"


async def test_the_exporter_tells_microsoft_nothing_of_itself_and_asks_for_nothing(ingestion: Ingestion) -> None:
    before = set(threading.enumerate())
    start_exporting(connection_string=ingestion.connection_string, kept_share=1.0)
    with span("delivery"):
        record(LINES_WAITING, 3, gln=GLN, state="retrying")
    await flush()
    more = sorted(each.name for each in set(threading.enumerate()) - before)
    assert [name for name in more if name.startswith(("Otel", "Configuration"))] == [
        "OtelBatchLogRecordProcessor",
        "OtelBatchSpanRecordProcessor",
        "OtelPeriodicExportingMetricReader",
    ]


async def test_what_is_told_again_is_only_what_happened_since(ingestion: Ingestion) -> None:
    start_exporting(connection_string=ingestion.connection_string, kept_share=1.0)
    record(LINES_WAITING, 3, gln=GLN, state="retrying")
    await flush()
    await flush()
    assert len(ingestion.of("MetricData")) == 1


async def test_a_share_of_the_traces_is_kept_whole_and_says_for_how_many_it_stands(ingestion: Ingestion) -> None:
    start_exporting(connection_string=ingestion.connection_string, kept_share=0.25)
    for _ in range(400):
        with span("session-stop"), span("delivery"):
            pass
        Counts().of("stops")("settled", gln=GLN)
    await flush()
    names: dict[str, set[str]] = {}
    for each in ingestion.of("RemoteDependencyData"):
        names.setdefault(each["tags"]["ai.operation.id"], set()).add(each["data"]["baseData"]["name"])
        assert each["sampleRate"] == 25
    assert 40 < len(names) < 170
    assert all(each == {"session-stop", "delivery"} for each in names.values())
    [counted] = ingestion.of("MetricData")
    assert counted["data"]["baseData"]["metrics"][0]["value"] == 400


def test_printed_it_is_a_line_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="telemetry")
    start_printing()
    try:
        with span("delivery", gln=GLN) as told:
            told_span("get-token", since=1, outcome="TokenRefused", status=401, failed=True)
            told.tell(outcome="blocked", failed=True)
        Counts().of("deliveries")("blocked", gln=GLN, mode="meter-value")
    finally:
        stop()
    token, delivery, lines = caplog.messages
    assert token.startswith("span get-token ")
    assert "outcome=TokenRefused status=401 failed=TokenRefused trace=" in token
    assert delivery.startswith("span delivery ")
    assert f" ms gln={GLN} outcome=blocked failed=blocked trace=" in delivery
    assert lines == f"metric connector.lines 1 {{line}} state=blocked gln={GLN} mode=meter-value"


REQUIRED = {
    "ContractEventsTopic": "contracts",
    "ServiceBusConnection": "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k;",
    "TableStorage": "UseDevelopmentStorage=true",
    "AllowLocalSecretStore": "true",
}


def test_the_settings_say_where_it_goes() -> None:
    Foundation(settings=read_settings(REQUIRED)).watch()
    assert current() is None
    try:
        Foundation(settings=read_settings(REQUIRED | {"PrintTelemetry": "true"})).watch()
        assert current() is not None
    finally:
        stop()


@pytest.mark.parametrize("share", ["1.5", "-1", "a", "25%", "1e-3", ".5"])
def test_a_share_that_is_none_is_a_fault(share: str) -> None:
    with pytest.raises(SettingsFaulty) as caught:
        read_settings(REQUIRED | {"TraceSampling": share})
    assert set(caught.value.faults) == {"TraceSampling"}


@pytest.mark.parametrize(("share", "expected"), [("", 1.0), ("0", 0.0), ("0.05", 0.05), ("1", 1.0)])
def test_a_share_is_read(share: str, expected: float) -> None:
    assert read_settings(REQUIRED | {"TraceSampling": share}).trace_sampling == expected


async def test_spans_at_the_same_time_do_not_mix() -> None:
    async def one(number: int) -> None:
        with span("session-stop", reference=str(number)):
            await asyncio.sleep(0)
            with span("delivery", reference=str(number)):
                await asyncio.sleep(0)

    with watching() as watched:
        await asyncio.gather(*map(one, range(20)))
        of_trace: dict[int, set[Any]] = {}
        for each in watched.spans():
            of_trace.setdefault(trace_id(each), set()).add((each.attributes or {})["reference"])
    assert sorted(len(each) for each in of_trace.values()) == [1] * 20
