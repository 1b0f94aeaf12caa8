"""JSON in and out: numbers exact, nothing that JSON does not have, and nothing that would break later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import simplejson
from pydantic import WithJsonSchema

from .instant import utc_text

MAX_DEPTH = 32
_MAX_NUMBER_LENGTH = 64
_MAX_EXPONENT = 100

Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]
"""A Decimal that leaves as a JSON number, digit by digit."""

type Json = dict[str, Any] | list[Any] | str | int | Decimal | bool | None


@dataclass(frozen=True, kw_only=True)
class FieldFault:
    """What is wrong with one field; `field` is its path, such as `elements[0].price`, and empty for the whole."""

    field: str
    message: str


class DocumentRefused(Exception):
    """A document that is JSON, but not what it should be. All faults at once."""

    def __init__(self, *faults: FieldFault) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults: Sequence[FieldFault] = faults


class NotJson(Exception):
    """A body that cannot be read as JSON. `reason` says why without repeating the body."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_json(body: bytes) -> Json:
    """The document in `body`; fractions come as Decimal, exactly as written.

    Raises NotJson also for what other parsers let pass: NaN and Infinity, a name twice in one object, half a surrogate
    pair, more than 32 levels, numbers of more than 64 characters or beyond 1e100.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotJson(reason="it is not UTF-8") from error
    try:
        document = simplejson.loads(
            text,
            parse_float=_fraction,
            parse_int=_whole,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except simplejson.JSONDecodeError as error:
        raise NotJson(reason=f"{error.msg.split(' %r')[0]} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise NotJson(reason=f"it is nested more than {MAX_DEPTH} levels deep") from error
    _check(document, depth=0)
    return document  # type: ignore[no-any-return]  # what the hooks above make of it


def read_json(text: str) -> Any:
    """What `print_json` wrote, fractions as Decimal. Only for what we stored: a caller's body is for `parse_json`."""
    return simplejson.loads(text, use_decimal=True)


def print_json(document: Any, *, indent: int | None = None) -> str:
    """`document` as JSON text: Decimals as numbers digit by digit, aware datetimes in UTC with `Z`; for people to read,
    with `indent` blanks a level.

    Raises ValueError for NaN and Infinity, TypeError for what JSON cannot say.
    """
    return simplejson.dumps(
        document,
        use_decimal=False,
        default=_printed,
        allow_nan=False,
        ensure_ascii=False,
        indent=indent,
        separators=(",", ":" if indent is None else ": "),
        namedtuple_as_object=False,
        encoding=None,  # bytes are no text
    )


def _printed(value: Any) -> Any:
    match value:
        case Decimal():
            if not value.is_finite():
                raise ValueError(f"{value} is not a JSON number")
            return simplejson.RawJSON(format(value, "f"))
        case datetime():
            return utc_text(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in JSON")


def _whole(text: str) -> int:
    _check_number(text)
    return int(text)


def _fraction(text: str) -> Decimal:
    _check_number(text)
    try:
        number = Decimal(text)
    except ArithmeticError as error:  # an exponent beyond what even Decimal takes
        raise NotJson(reason="a number is too large or too small") from error
    if abs(number.adjusted()) > _MAX_EXPONENT:
        raise NotJson(reason="a number is too large or too small")
    return number


def _check_number(text: str) -> None:
    if len(text) > _MAX_NUMBER_LENGTH:
        raise NotJson(reason=f"a number has more than {_MAX_NUMBER_LENGTH} characters")


def _constant(text: str) -> None:
    raise NotJson(reason=f"{text} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotJson(reason="an object has the same name twice")
    return members


def _check(value: Any, *, depth: int) -> None:
    if depth == MAX_DEPTH and isinstance(value, dict | list):
        raise NotJson(reason=f"it is nested more than {MAX_DEPTH} levels deep")
    match value:
        case str():
            _check_text(value)
        case dict():
            for name, member in value.items():
                _check_text(name)
                _check(member, depth=depth + 1)
        case list():
            for item in value:
                _check(item, depth=depth + 1)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotJson(reason="a text has half of a surrogate pair") from error
