"""Calls a function through Microsoft's worker library, which converts what comes in and what goes out."""

import json
import logging
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from azure_functions_runtime.bindings.datumdef import Datum  # type: ignore[import-untyped]  # ships no types
from azure_functions_runtime.native_invocation import (  # type: ignore[import-untyped]  # ships no types
    invocation_request_native,
)

from local.functions_host.indexing import IndexedFunction

logger = logging.getLogger(__name__)
_ways_told: deque[tuple[str, str]] = deque(maxlen=200)


class InvocationFailed(Exception):
    """The handler raised, or what it returned cannot be converted. It is already in the log."""


async def invoke(
    *, function: IndexedFunction, value: Datum, metadata: Mapping[str, Datum], trace_parent: str = ""
) -> Datum | None:
    """Runs `function` once and gives the datum that it returned. Raises InvocationFailed.

    Async handlers run on this loop, sync ones on the worker library's threads. `trace_parent` is what came with the
    request or the message; the real host puts a step of its own between.
    """
    succeeded, returned, _, error, traceback = await invocation_request_native(
        str(uuid4()), function.id, [(function.parameter, value)], metadata, trace_parent
    )
    if not succeeded:
        _tell(function.name, str(error), (traceback or "").rstrip())
        raise InvocationFailed(f"{function.name}: {error}")
    return returned


def _tell(function: str, error: str, traceback: str) -> None:
    """Every failure is told; the way to it only once: a poison message comes ten times by the same one."""
    way = (function, traceback.rpartition("\n")[0])
    if way in _ways_told:
        logger.error("Function %s failed: %s (its traceback, but for the last line, was told before)", function, error)
        return
    _ways_told.append(way)
    logger.error("Function %s failed: %s\n%s", function, error, traceback)


def text(value: str) -> Datum:
    return Datum(value, "string")


def body(value: bytes) -> Datum:
    """A message body: text where it is UTF-8, binary data otherwise."""
    try:
        return Datum(value.decode(), "string")
    except UnicodeDecodeError:
        return Datum(value, "bytes")


def as_json(value: Any) -> Datum:
    """Numbers, dates and objects travel as JSON, dates in the one ISO form that every converter parses."""
    return Datum(json.dumps(value, default=_plain), "json")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
