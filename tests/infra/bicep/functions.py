"""The operators and functions of Bicep whose result can be known before anything is deployed."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5


def shown(value: Any) -> str:
    """As it reads inside a text."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _contains(whole: Any, part: Any) -> bool:
    return part in whole


def _union(*values: Any) -> Any:
    if isinstance(values[0], list):
        return [item for value in values for item in value]
    merged: dict[str, Any] = {}
    for value in values:
        merged |= value
    return merged


OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "&&": lambda a, b: a and b,
    "||": lambda a, b: a or b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}
# As long as the real ones, and as different from each other.
MADE_UP: Mapping[str, Callable[[str], str]] = {
    "uniqueString": lambda seed: uuid5(NAMESPACE_OID, seed).hex[:13],
    "guid": lambda seed: str(uuid5(NAMESPACE_OID, seed)),
}
WHOLE = {"string", "join"}  # need to know what is inside, too
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "loadJsonContent": json.loads,
    "loadTextContent": str,
    "toLower": lambda text: text.lower(),
    "empty": lambda value: not value,
    "contains": _contains,
    "length": len,
    "union": _union,
    "concat": _union,
    "string": shown,
    "join": lambda values, between: between.join(values),
    "split": lambda text, at: text.split(at),
    "replace": lambda text, old, new: text.replace(old, new),
    "range": lambda start, count: list(range(start, start + count)),
}
