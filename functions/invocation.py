"""What the platform says of an invocation."""

from typing import Final, cast

import azure.functions as func

NOT_INVOKED: Final = cast("func.Context", None)
"""For a function that is called without the platform."""


def traceparent_of(context: func.Context) -> str | None:
    """What the platform has under way for this invocation, by W3C Trace Context; None if it says nothing.

    It is taken from here, not from what is current: the worker puts it there only with a setting that has made every
    invocation fail on some of its versions.
    """
    # NOT_INVOKED stands for a context so that the indexer sees the one type that it takes.
    trace_context = getattr(context, "trace_context", None)
    return getattr(trace_context, "Traceparent", None) or None
