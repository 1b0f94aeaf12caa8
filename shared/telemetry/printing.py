"""Into the app's log, a line for each span that ends and each value of the last seconds: for who runs it locally."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import StatusCode

from .building import EACH_KEPT_APART, OF_THE_INTERVAL, built
from .telemetry import Telemetry

PRINTED_EVERY_SECONDS: Final = 10
_log = logging.getLogger("telemetry")


def printing() -> Telemetry:
    """Telemetry that is printed: spans as they end, metrics every ten seconds, where anything happened."""
    return built(
        spans=SimpleSpanProcessor(PrintedSpans()),
        metrics=PeriodicExportingMetricReader(
            PrintedMetrics(),
            export_interval_millis=PRINTED_EVERY_SECONDS * 1000,
            cardinality_limits=EACH_KEPT_APART,
        ),
        sampler=ALWAYS_ON,
    )


class PrintedSpans(SpanExporter):
    """`span delivery 12.3 ms outcome=delivered gln=... trace=... in=...`"""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See `SpanExporter.export`."""
        for span in spans:
            _log.info("%s", _line_of(span))
        return SpanExportResult.SUCCESS


class PrintedMetrics(MetricExporter):
    """`metric connector.lines 3 {line} state=delivered gln=...`"""

    def __init__(self) -> None:
        super().__init__(preferred_temporality=OF_THE_INTERVAL)

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **more: Any) -> MetricExportResult:
        """See `MetricExporter.export`."""
        for line in _lines_of(metrics_data):
            _log.info("%s", line)
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Nothing is kept back."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **more: Any) -> None:
        """Nothing is open."""


def _line_of(span: ReadableSpan) -> str:
    about, began, ended = span.get_span_context(), span.start_time, span.end_time
    assert about is not None and began is not None and ended is not None  # noqa: S101, PT018  it has ended
    parts = [f"span {span.name} {(ended - began) / 1e6:.1f} ms", *_pairs(span.attributes)]
    if span.status.status_code is StatusCode.ERROR:
        parts.append(f"failed={span.status.description or 'yes'}")
    parts.append(f"trace={about.trace_id:032x} span={about.span_id:016x}")
    if span.parent is not None:
        parts.append(f"in={span.parent.span_id:016x}")
    return " ".join(parts)


def _lines_of(data: MetricsData) -> Iterator[str]:
    for of_resource in data.resource_metrics:
        for scope in of_resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    yield " ".join(["metric", metric.name, _value(point), metric.unit or "", *_pairs(point.attributes)])


def _value(point: Any) -> str:
    if isinstance(point, HistogramDataPoint):
        return f"{point.count} of {point.min:.4g} to {point.max:.4g}, together {point.sum:.4g}"
    return f"{point.value:g}"


def _pairs(attributes: Mapping[str, Any] | None) -> list[str]:
    return [f"{name}={value}" for name, value in (attributes or {}).items()]
