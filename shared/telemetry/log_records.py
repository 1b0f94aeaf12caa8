"""The app's log records on their way to where spans go: one way only, and without anybody's data."""

import logging
import traceback
from collections.abc import Iterator
from typing import Final

from opentelemetry._logs import LoggerProvider, LogRecord
from opentelemetry.sdk._logs._internal import std_to_otel

from .spans import about_now

LOGGERS: Final = ("shared", "functions")
"""Whose records are the app's own. Those of libraries go the platform's way, from WARNING on."""
_LIBRARIES: Final = ("azure", "aiohttp", "asyncio", "httpx", "msal", "opentelemetry", "requests", "urllib3")
type Handed = tuple[logging.Logger, bool, int]
"""A logger, whether its records went on to the root's handlers, and its level."""
_TOLD: Final = ("gln", "reference")


class LogRecords(logging.Handler):
    """Hands records over, with the operator and the reference they were logged with (`extra`), else those of the span
    under way. Of an exception its kind and where it was raised, not its words.
    """

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__(level=logging.INFO)
        self._provider = provider

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        try:
            self._provider.get_logger(record.name).emit(_as_told(record))
        except Exception:  # noqa: BLE001  as every handler: what cannot be logged must not break what it is about
            self.handleError(record)


def hand_over(handler: logging.Handler) -> list[Handed]:
    """The app's records go to `handler` and nowhere else: the platform would send each a second time. How it was is
    given back, for `take_back`.
    """
    before = []
    for name in LOGGERS:
        logger = logging.getLogger(name)
        before.append((logger, logger.propagate, logger.level))
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.INFO)
    for name in _LIBRARIES:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))
    return before


def take_back(handler: logging.Handler, before: list[Handed]) -> None:
    """The opposite of `hand_over`; libraries stay as quiet as they are."""
    for logger, propagated, level in before:
        logger.removeHandler(handler)
        logger.propagate = propagated
        logger.setLevel(level)


def _as_told(record: logging.LogRecord) -> LogRecord:
    return LogRecord(
        timestamp=int(record.created * 1e9),
        severity_text=record.levelname,
        severity_number=std_to_otel(record.levelno),
        body=record.getMessage(),
        attributes=dict(_attributes(record)),
    )


def _attributes(record: logging.LogRecord) -> Iterator[tuple[str, str]]:
    of_the_span = about_now()
    for name in _TOLD:
        value = getattr(record, name, None) or of_the_span.get(name)
        if value is not None:
            yield name, str(value)
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        yield "exception.type", type(error).__name__
        yield "exception.stacktrace", "".join(traceback.format_tb(error.__traceback__))
