"""What the app does, as spans. Where telemetry is off, nothing is imported, made or kept."""

import contextlib
import time
import traceback
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from .telemetry import Telemetry, current

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span as OtelSpan

TRACEPARENT: Final = "traceparent"
_CUT_OFF = "interrupted"
_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("about")
_WHAT_IT_IS_ABOUT: Final = frozenset({"gln", "reference"})


class Span:
    """One span under way; without one behind it, what it is told is lost."""

    def __init__(self, span: "OtelSpan | None" = None) -> None:
        self._span = span
        self.about: dict[str, str] = {}
        """Which operator and which reference, as far as it was told."""
        self._has_outcome = False

    def tell(
        self, *, gln: str | None = None, reference: str | None = None, outcome: str | None = None, failed: bool = False
    ) -> None:
        """What has become known of it. `failed`: it did not succeed, though nothing was raised."""
        if self._span is None:
            return
        for name, value in (("gln", gln), ("reference", reference), ("outcome", outcome)):
            if value is not None:
                self._span.set_attribute(name, str(value))
                if name in _WHAT_IT_IS_ABOUT:
                    self.about[name] = str(value)
        self._has_outcome = self._has_outcome or outcome is not None
        if failed:
            self._fail(outcome or "")

    def answered(self, status: int | None, *, as_hoped: bool = False) -> None:
        """What the other side answered to a call; None: nothing. `as_hoped`: it is a success, whatever its number."""
        if self._span is None:
            return
        if status is not None:
            self._span.set_attribute("status", str(status))
        if not as_hoped and (status is None or status >= 400):
            self._fail("no answer" if status is None else str(status))

    def raised(self, error: BaseException) -> None:
        """It ended with an error: its kind and where it was raised; its words may be somebody's data."""
        if self._span is None:
            return
        kind = type(error).__name__
        if not self._has_outcome:
            self._span.set_attribute("outcome", _CUT_OFF if not isinstance(error, Exception) else kind)
        where = "".join(traceback.format_tb(error.__traceback__))
        self._span.add_event(
            "exception", {"exception.type": kind, "exception.message": kind, "exception.stacktrace": where}
        )
        self._fail(kind)

    def _fail(self, why: str) -> None:
        from opentelemetry.trace import StatusCode

        assert self._span is not None  # noqa: S101  the callers looked
        self._span.set_status(StatusCode.ERROR, why)


NO_SPAN: Final = Span()


@contextlib.contextmanager
def span(
    name: str,
    *,
    gln: str | None = None,
    reference: str | None = None,
    parent: str | None = None,
    since: int | None = None,
) -> Iterator[Span]:
    """The block is one span. `parent` is a `traceparent`, where it goes on with what another process began; else what
    is under way here is. `since` is when it began, by `time.time_ns`. What is raised is noted, and raised on.
    """
    telemetry = current()
    if telemetry is None:
        yield NO_SPAN
        return
    attributes = {name: value for name, value in (("gln", gln), ("reference", reference)) if value is not None}
    with _running(telemetry, name, attributes, parent=parent, since=since) as running:
        yield running


@contextlib.contextmanager
def call_span(name: str, *, host: str | None) -> Iterator[Span]:
    """The block is one HTTP call out. Of the address, which an operator has set, only the host is told."""
    telemetry = current()
    if telemetry is None:
        yield NO_SPAN
        return
    # By the names of the HTTP conventions the exporter would call it `POST /`.
    attributes = {"peer.service": host or "unknown"}
    with _running(telemetry, name, attributes, is_call=True) as running:
        yield running


def told_span(name: str, *, since: int, outcome: str, status: int | None, failed: bool) -> None:
    """A call out that is over, and turned out to be worth telling. `since` as in `span`."""
    telemetry = current()
    if telemetry is None:
        return
    from opentelemetry.trace import SpanKind

    otel = telemetry.tracer.start_span(name, kind=SpanKind.CLIENT, start_time=since)
    done = Span(otel)
    done.tell(outcome=outcome, failed=failed)
    if status is not None:
        otel.set_attribute("status", str(status))
    otel.end()


def about_now() -> Mapping[str, str]:
    """Which operator and which reference are under way here, also where the trace is not kept."""
    return _ABOUT.get({})


@contextlib.contextmanager
def continuing(parent: str | None) -> Iterator[None]:
    """What happens in the block goes on with `parent`, a `traceparent`; None or nonsense: it begins something new."""
    if current() is None or parent is None:
        yield
        return
    from opentelemetry import context

    token = context.attach(_context_of(parent))
    try:
        yield
    finally:
        context.detach(token)


def traceparent() -> str | None:
    """What is under way here, for whoever goes on with it elsewhere or later; None if there is nothing."""
    if current() is None:
        return None
    from opentelemetry.trace import get_current_span

    about = get_current_span().get_span_context()
    if not about.is_valid:
        return None
    return f"00-{about.trace_id:032x}-{about.span_id:016x}-{about.trace_flags:02x}"


@contextlib.contextmanager
def _running(
    telemetry: Telemetry,
    name: str,
    attributes: dict[str, str],
    *,
    parent: str | None = None,
    since: int | None = None,
    is_call: bool = False,
) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind, use_span

    otel = telemetry.tracer.start_span(
        name,
        context=_context_of(parent) if parent else None,
        kind=SpanKind.CLIENT if is_call else SpanKind.INTERNAL,
        attributes=attributes,
        start_time=since or time.time_ns(),
    )
    running = Span(otel)
    running.about.update(about_now())
    running.about.update({name: value for name, value in attributes.items() if name in _WHAT_IT_IS_ABOUT})
    token = _ABOUT.set(running.about)
    with use_span(otel, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield running
        except BaseException as error:
            running.raised(error)
            raise
        finally:
            _ABOUT.reset(token)


def _context_of(parent: object) -> "Context":
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    # A message may carry anything under that name, and OpenTelemetry only takes nonsense that is text.
    return TraceContextTextMapPropagator().extract({TRACEPARENT: parent}) if isinstance(parent, str) else Context()
