"""Telemetry: what the app does, as spans, counts, gauges and log records. Off until `start_*` is called, and then it
costs next to nothing: not even OpenTelemetry is imported.

Nothing that is told here is a tag, a name, a key, an accounting point or a body: see `docs/personal-data.md`.
"""

from .counts import Count, Counts
from .instruments import (
    AUTHORIZATION_DURATION,
    DEAD_LETTERS,
    INSTRUMENTS,
    LINES_WAITING,
    MEASURED,
    OLDEST_UNDELIVERED,
    OPERATORS_BLOCKED,
    SESSIONS_HELD,
    Instrument,
)
from .spans import NO_SPAN, TRACEPARENT, Span, call_span, continuing, span, told_span, traceparent
from .telemetry import Telemetry, flush, record, start_exporting, start_printing, stop, use_telemetry

__all__ = [
    "AUTHORIZATION_DURATION",
    "DEAD_LETTERS",
    "INSTRUMENTS",
    "LINES_WAITING",
    "MEASURED",
    "NO_SPAN",
    "OLDEST_UNDELIVERED",
    "OPERATORS_BLOCKED",
    "SESSIONS_HELD",
    "TRACEPARENT",
    "Count",
    "Counts",
    "Instrument",
    "Span",
    "Telemetry",
    "call_span",
    "continuing",
    "flush",
    "record",
    "span",
    "start_exporting",
    "start_printing",
    "stop",
    "told_span",
    "traceparent",
    "use_telemetry",
]
