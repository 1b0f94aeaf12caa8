"""Lists on the wire: how much is asked for, and from where."""

from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.faults import ContinuationUnreadable
from shared.instant import Instant
from shared.operators import Page


def _plus_again(value: object) -> object:
    """A `+` that was sent bare in a query arrives as a blank."""
    return value.replace(" ", "+") if isinstance(value, str) else value


QueryInstant = Annotated[Instant, BeforeValidator(_plus_again)]
"""A time in a query."""


class Query(BaseModel):
    """Query parameters: texts, so numbers are read from them. One that is not known is refused: it may be a typo."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class PageQuery(Query):
    """Which part of a list."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    continuation: Annotated[str, Field(max_length=1000)] | None = None


class ValidFromQuery(Query):
    """From when a version is in force; absent: from now."""

    validFrom: QueryInstant | None = None  # noqa: N815  the name on the wire


class AtQuery(Query):
    """Which version: the one in force then; absent: now."""

    at: QueryInstant | None = None


def part_of[T](items: Sequence[T], *, name: Callable[[T], str], query: PageQuery) -> Page[T]:
    """The part that `query` asks for of a list that is here as a whole; `name` is each item's own.

    Raises ContinuationUnreadable.
    """
    start = 0
    if query.continuation is not None:
        names = [name(item) for item in items]
        if query.continuation not in names:
            raise ContinuationUnreadable
        start = names.index(query.continuation) + 1
    part = tuple(items[start : start + query.limit])
    more = start + query.limit < len(items)
    return Page(items=part, continuation=name(part[-1]) if more else None)
