"""What is told, as the SDK hands it to an exporter."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

from shared.telemetry import stop, use_telemetry
from shared.telemetry.building import EACH_KEPT_APART, OF_THE_INTERVAL, built
from shared.telemetry.exporting import with_log_records


class Watched:
    """The same providers, samplers and handlers as on Azure, but nothing leaves."""

    def __init__(self, *, sampler: Sampler = ALWAYS_ON) -> None:
        self._spans = InMemorySpanExporter()
        self._logs = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # its class has no annotation
        self._metrics = InMemoryMetricReader(preferred_temporality=OF_THE_INTERVAL, cardinality_limits=EACH_KEPT_APART)
        telemetry = built(spans=SimpleSpanProcessor(self._spans), metrics=self._metrics, sampler=sampler)
        logs = LoggerProvider()
        logs.add_log_record_processor(SimpleLogRecordProcessor(self._logs))
        self.telemetry = with_log_records(telemetry, logs)

    def spans(self, name: str | None = None) -> list[ReadableSpan]:
        """Those that have ended, in that order."""
        return [span for span in self._spans.get_finished_spans() if name in {None, span.name}]

    def span(self, name: str) -> ReadableSpan:
        """The one of this name."""
        [found] = self.spans(name)
        return found

    def metrics(self) -> dict[str, dict[frozenset[tuple[str, Any]], Any]]:
        """What was told since this was last asked: by instrument and attributes, a value (of a histogram the count)."""
        data = self._metrics.get_metrics_data()
        if data is None:
            return {}
        return {
            metric.name: {
                frozenset((point.attributes or {}).items()): getattr(point, "value", getattr(point, "count", None))
                for point in metric.data.data_points
            }
            for of_resource in data.resource_metrics
            for scope in of_resource.scope_metrics
            for metric in scope.metrics
        }

    def log_records(self) -> list[ReadableLogRecord]:
        """Those that were logged."""
        return list(self._logs.get_finished_logs())

    def everything(self) -> str:
        """All that an exporter is given, as text."""
        data = self._metrics.get_metrics_data()
        parts = [span.to_json() for span in self.spans()] + [record.to_json() for record in self.log_records()]
        return "\n".join([*parts, data.to_json() if data else ""])


@contextmanager
def watching(*, sampler: Sampler = ALWAYS_ON) -> Iterator[Watched]:
    """Watches the block."""
    watched = Watched(sampler=sampler)
    use_telemetry(watched.telemetry)
    try:
        yield watched
    finally:
        stop()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """What a span says of itself."""
    return dict(span.attributes or {})


def parent_id(span: ReadableSpan) -> int | None:
    """What it is part of."""
    return span.parent.span_id if span.parent else None


def trace_id(span: ReadableSpan) -> int:
    """Which trace it belongs to."""
    context = span.get_span_context()
    assert context is not None
    return int(context.trace_id)


def span_id(span: ReadableSpan) -> int:
    """Its own id."""
    context = span.get_span_context()
    assert context is not None
    return int(context.span_id)
