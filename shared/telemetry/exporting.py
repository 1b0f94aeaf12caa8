"""To Application Insights. The exporter is imported where it first sends, in a thread of its own: nobody waits."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Final

from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

from .building import EACH_KEPT_APART, OF_THE_INTERVAL, built, resource
from .log_records import LogRecords, hand_over, take_back
from .telemetry import Telemetry

METRICS_EVERY_SECONDS: Final = 60
_WHOLE: Final = 1.0
# As the exporter reads it, names in any case, the key in small letters.
_CONNECTION = re.compile(
    r"(?:[^=;]*=[^=;]*;)*(?i:InstrumentationKey)=[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?:;[^=;]*=[^=;]*)*"
)
# Else it is five minutes, four times over, and whoever flushes waits. What was not taken waits on disk for the next.
_LONGEST_SILENCE_SECONDS: Final = 10.0
# What the exporter would tell Microsoft of itself, or ask it for. Where it is set, that is kept.
_OF_ITS_OWN: Final = (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED",
)


def exporting(*, connection_string: str, kept_share: float) -> Telemetry:
    """Telemetry that goes to Application Insights; the app's log records go with it and nowhere else.

    Raises ValueError for what is no connection string. The exporter would find out only when it sends, and the app's
    log would be nowhere.
    """
    if not _CONNECTION.fullmatch(connection_string):
        raise ValueError("APPLICATIONINSIGHTS_CONNECTION_STRING is not `InstrumentationKey=...;IngestionEndpoint=...`")
    for name in _OF_ITS_OWN:
        os.environ.setdefault(name, "true")
    make = partial(_exporter, connection_string=connection_string)
    telemetry = built(
        spans=BatchSpanProcessor(_Spans(partial(make, "AzureMonitorTraceExporter"))),
        metrics=PeriodicExportingMetricReader(
            _Metrics(partial(make, "AzureMonitorMetricExporter")),
            export_interval_millis=METRICS_EVERY_SECONDS * 1000,
            cardinality_limits=EACH_KEPT_APART,
        ),
        sampler=_sampler(kept_share),
    )
    logs = LoggerProvider(resource=resource())
    logs.add_log_record_processor(BatchLogRecordProcessor(_LogRecords(partial(make, "AzureMonitorLogExporter"))))
    return with_log_records(telemetry, logs)


def with_log_records(telemetry: Telemetry, logs: LoggerProvider) -> Telemetry:
    """The same, and the app's log records go to `logs` until it is closed."""
    handler = LogRecords(logs)
    before = hand_over(handler)

    def flush() -> None:
        telemetry.flush()
        logs.force_flush()

    def close() -> None:
        take_back(handler, before)
        telemetry.close()
        logs.shutdown()

    return replace(telemetry, flush=flush, close=close)


def _sampler(kept_share: float) -> Sampler:
    """By the trace's id, so that a trace is kept or left out as a whole, and as often in a busy second as in a quiet
    one: percentiles stay right. What is kept says for how many it stands.
    """
    if kept_share >= _WHOLE:
        return ALWAYS_ON
    from azure.monitor.opentelemetry.exporter import ApplicationInsightsSampler

    return ApplicationInsightsSampler(kept_share)


def _exporter(kind: str, *, connection_string: str) -> Any:
    from azure.monitor.opentelemetry import exporter

    return getattr(exporter, kind)(
        connection_string=connection_string, read_timeout=_LONGEST_SILENCE_SECONDS, retry_total=0
    )


class _Spans(SpanExporter):
    def __init__(self, make: Callable[[], SpanExporter]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> SpanExporter:
        return self._make()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._made.export(spans)

    def shutdown(self) -> None:
        self._made.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._made.force_flush(timeout_millis)


class _LogRecords(LogRecordExporter):
    def __init__(self, make: Callable[[], LogRecordExporter]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> LogRecordExporter:
        return self._make()

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        return self._made.export(batch)

    def shutdown(self) -> None:
        self._made.shutdown()  # type: ignore[no-untyped-call]  # its base class has no annotation

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._made.force_flush(timeout_millis)


class _Metrics(MetricExporter):
    def __init__(self, make: Callable[[], MetricExporter]) -> None:
        super().__init__(preferred_temporality=OF_THE_INTERVAL)
        self._make = make

    @cached_property
    def _made(self) -> MetricExporter:
        return self._make()

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **more: Any) -> MetricExportResult:
        return self._made.export(metrics_data, timeout_millis, **more)

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return self._made.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **more: Any) -> None:
        self._made.shutdown(timeout_millis, **more)
