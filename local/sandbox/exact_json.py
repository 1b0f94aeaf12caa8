"""JSON without binary floating point: a number means exactly the digits that were sent."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any


class NotJsonError(Exception):
    """The text is not JSON, names a field twice, or holds a number beyond all bounds."""


def read(body: bytes) -> Any:
    """The document in `body` (UTF-8), fractions as `Decimal`, whole numbers as `int`.

    Raises `NotJsonError`, also for NaN and Infinity, which Python's own reader lets through.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except (ValueError, InvalidOperation, RecursionError) as error:
        raise NotJsonError(str(error) or type(error).__name__) from error


def write(value: object) -> str:
    """JSON text for `value`; a `Decimal` becomes a number with its own digits."""
    match value:
        case Decimal():
            return format(value, "f")
        case Mapping():
            return "{" + ",".join(f"{json.dumps(str(name))}:{write(item)}" for name, item in value.items()) + "}"
        case str():
            return json.dumps(value)
        case Sequence():
            return "[" + ",".join(write(item) for item in value) + "]"
        case _:
            return json.dumps(value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field is named twice")
    return fields


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
