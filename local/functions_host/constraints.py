"""The constraints that a route parameter can carry, as in `{id:int:min(1)}`."""

import re
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def constraint(*, name: str, arguments: str) -> Callable[[str], bool]:
    """Judges a value. Raises KeyError for an unknown name, ValueError or TypeError for wrong arguments."""
    if name in _PLAIN:
        if arguments:
            raise ValueError(f"{name} takes no arguments")
        return _PLAIN[name]
    if name == "regex":
        expression = re.compile(arguments, re.IGNORECASE)
        return lambda value: expression.search(value) is not None
    return _WITH_NUMBERS[name](*(int(argument) for argument in arguments.split(",")))


def _integer(*, bits: int) -> Callable[[str], bool]:
    limit = 1 << (bits - 1)
    return lambda value: _INTEGER.fullmatch(value) is not None and -limit <= int(value) < limit


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        try:
            parse(value)
        except ValueError:
            return False
        return True

    return check


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


def _within(low: int, high: int) -> Callable[[str], bool]:
    return lambda value: _integer(bits=64)(value) and low <= int(value) <= high


def _length(low: int, high: int | None = None) -> Callable[[str], bool]:
    return lambda value: low <= len(value) <= (low if high is None else high)


_PLAIN: dict[str, Callable[[str], bool]] = {
    "int": _integer(bits=32),
    "long": _integer(bits=64),
    "bool": lambda value: value.lower() in {"true", "false"},
    "decimal": _is_number,
    "double": _is_number,
    "float": _is_number,
    "guid": _parses(UUID),
    "datetime": _parses(datetime.fromisoformat),
    "alpha": lambda value: value.isascii() and value.isalpha(),
    "required": bool,
}
_WITH_NUMBERS: dict[str, Callable[..., Callable[[str], bool]]] = {
    "min": lambda low: _within(low, (1 << 63) - 1),
    "max": lambda high: _within(-(1 << 63), high),
    "range": _within,
    "length": _length,
    "minlength": lambda low: lambda value: len(value) >= low,
    "maxlength": lambda high: lambda value: len(value) <= high,
}
