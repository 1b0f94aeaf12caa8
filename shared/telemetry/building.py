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

EACH_KEPT_APART: Final[dict[type, int]] = dict.fromkeys((Counter, Histogram, _Gauge), 100_000)
"""So many values of an instrument are kept apart. Else they are 2,000, four for each of 500 operators, and those of all
further ones become one that is nobody's. Attributes come from few words of our own and the operators that are set up.
"""
_INSTANCE: Final = ("WEBSITE_INSTANCE_ID", "WEBSITE_POD_NAME")  # Flex Consumption has the second alone


def resource() -> Resource:
    """Which app and which of its instances, as Azure names them."""
    return Resource(
        {
            "service.name": os.environ.get("WEBSITE_SITE_NAME", NAME),
            "service.instance.id": next(filter(None, map(os.environ.get, _INSTANCE)), "local"),
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
