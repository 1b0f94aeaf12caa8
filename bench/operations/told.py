"""What is sent to Application Insights, byte for byte as Microsoft's exporter would send it; nothing leaves."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, Self
from unittest.mock import patch

from azure.core.pipeline.transport import HttpTransport
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from bench.operations.counted import Measure, Tally
from shared.telemetry import use_telemetry
from shared.telemetry.building import EACH_KEPT_APART, OF_THE_INTERVAL, built, resource
from shared.telemetry.exporting import _OF_ITS_OWN, with_log_records

_SENT: Final[Mapping[str, tuple[Measure, Measure]]] = {
    "RemoteDependencyData": (Measure.SPANS, Measure.SPAN_BYTES),
    "MetricData": (Measure.METRICS, Measure.METRIC_BYTES),
    "MessageData": (Measure.LOG_LINES, Measure.LOG_BYTES),
    "ExceptionData": (Measure.LOG_LINES, Measure.LOG_BYTES),
}
_CONNECTION: Final = "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:9/"
# As long as Azure's are: they are in every record.
_INSTANCE: Final = "69a3c8a-07-c0ffee0a1b2c3d4e5f60718293a4b5c6"
_NAMES: Final = {"WEBSITE_SITE_NAME": "func-connector-abcdefghijklm", "WEBSITE_POD_NAME": _INSTANCE}


class Told:
    """The app's telemetry, kept until it is counted: the SDK, the app's log handler and the exporter are the real ones.

    A value of a metric is one row for each set of attributes, however often it was told between two counts.
    """

    def __init__(self, tally: Tally) -> None:
        from azure.monitor.opentelemetry import exporter

        self._spans = InMemorySpanExporter()
        self._logs = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # its class has no annotation
        self._metrics = InMemoryMetricReader(preferred_temporality=OF_THE_INTERVAL, cardinality_limits=EACH_KEPT_APART)
        how = {"connection_string": _CONNECTION, "transport": _Counting(tally), "disable_offline_storage": True}
        self._span_exporter = exporter.AzureMonitorTraceExporter(**how)
        self._log_exporter = exporter.AzureMonitorLogExporter(**how)
        self._metric_exporter = exporter.AzureMonitorMetricExporter(**how)
        telemetry = built(spans=SimpleSpanProcessor(self._spans), metrics=self._metrics, sampler=ALWAYS_ON)
        logs = LoggerProvider(resource=resource())
        logs.add_log_record_processor(SimpleLogRecordProcessor(self._logs))
        self.telemetry = replace(with_log_records(telemetry, logs), flush=self.count)

    def count(self) -> None:
        """Counts what was told since this was last asked; the app asks too, where it has things sent at once."""
        spans, logs, metrics = (
            self._spans.get_finished_spans(),
            self._logs.get_finished_logs(),
            self._metrics.get_metrics_data(),
        )
        self._spans.clear()
        self._logs.clear()
        if spans:
            self._span_exporter.export(spans)
        if logs:
            self._log_exporter.export(logs)
        if metrics is not None:
            self._metric_exporter.export(metrics)


@contextmanager
def counting_what_is_told(tally: Tally) -> Iterator[Told]:
    """Telemetry is on in the block, and counted."""
    with patch.dict(os.environ, _NAMES | dict.fromkeys(_OF_ITS_OWN, "true")):
        told = Told(tally)
        use_telemetry(told.telemetry)
        try:
            yield told
        finally:
            use_telemetry(None)
            told.telemetry.close()


class _Counting(HttpTransport[Any, Any]):
    """Takes what the exporters send."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def send(self, request: Any, **_: Any) -> Any:
        """Counts it, and says that it was taken."""
        records = json.loads(request.content)
        for record in records:
            # The name of the machine that counts.
            record["tags"]["ai.device.id"] = _INSTANCE
            how_many, how_much = _SENT[record["data"]["baseType"]]
            self._tally[how_many] += 1
            self._tally[how_much] += len(json.dumps(record, ensure_ascii=False).encode())
        return _Taken(len(records))

    def open(self) -> None:
        """Nothing is opened."""

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class _Taken:
    """The answer of Application Insights."""

    status_code = 200
    reason = "OK"
    content_type = "application/json"

    def __init__(self, records: int) -> None:
        self.headers: dict[str, str] = {"Content-Type": self.content_type}
        self._said = {"itemsReceived": records, "itemsAccepted": records, "errors": []}

    def json(self) -> Any:
        """What it says."""
        return self._said

    def body(self) -> bytes:
        """The same, as bytes."""
        return json.dumps(self._said).encode()

    def text(self, *_: object) -> str:
        """The same, as text."""
        return json.dumps(self._said)

    def read(self) -> bytes:
        """It is there already."""
        return self.body()
