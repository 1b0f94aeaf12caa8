"""Puts OpenTelemetry's SDK together. Its providers are ours alone: no library finds them to tell things of its own."""

import os
from typing import Final

from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider, _Gauge
from opentelemetry.sdk.metrics.export import AggregationTemporality, MetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import Sampler

from .instruments import Meters
from .telemetry import Telemetry

NAME: Final = "connector"

OF_THE_INTERVAL: Final[dict[type, AggregationTemporality]] = dict.fromkeys(
    (Counter, Histogram, _Gauge), AggregationTemporality.DELTA
)
"""What is told of an interval is what happened in it. Of a gauge too: what was measured long ago is not told again and
again as if it still were so.
"""


def resource() -> Resource:
    """Which app and which of its instances, as Azure names them."""
    return Resource(
        {
            "service.name": os.environ.get("WEBSITE_SITE_NAME", NAME),
            "service.instance.id": os.environ.get("WEBSITE_INSTANCE_ID", "local")[:16],
        }
    )


def built(*, spans: SpanProcessor, metrics: MetricReader, sampler: Sampler) -> Telemetry:
    """Telemetry that goes where these two send it."""
    about = resource()
    tracers = TracerProvider(sampler=sampler, resource=about)
    tracers.add_span_processor(spans)
    meters = MeterProvider(metric_readers=[metrics], resource=about)

    def flush() -> None:
        tracers.force_flush()
        meters.force_flush()

    def close() -> None:
        tracers.shutdown()
        meters.shutdown()

    return Telemetry(tracer=tracers.get_tracer(NAME), meters=Meters(meters.get_meter(NAME)), flush=flush, close=close)
