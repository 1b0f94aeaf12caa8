"""Reading a tariff document, or refusing it with everything that is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from pydantic.alias_generators import to_snake
from pydantic_core import ErrorDetails

from ..tariff import Tariff
from .document import TariffDocument
from .document_part import OperatorRules, fields_at

_MESSAGES: Final = {
    "missing": "is required",
    "model_type": "must be an object",
    "list_type": "must be a list",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "string_unicode": "must not have half of a surrogate pair in a text",
    "invalid_key": "must have a text as its name",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length} entries",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFault:
    """What is wrong with one field; `field` is its path, such as `elements[0].price_components[1].vat`."""

    field: str
    message: str


class TariffRefused(Exception):
    """A document that is not a tariff, or one that cannot be priced with. `faults` are all that were found."""

    def __init__(self, *, faults: tuple[FieldFault, ...]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults = faults


def parse_tariff(document: Mapping[str, object], *, currency: str, one_vat_rate: bool) -> Tariff:
    """The tariff in `document`; numbers must have been read as ints and Decimals.

    With `one_vat_rate`, as an operator in costed-transaction mode needs it, every component has the same VAT rate, the
    tariff's currency is `currency`, something of a session is priced, and the two sides of a minimum or maximum agree
    with the rate.
    Raises TariffRefused, and nothing else whatever the document is.
    """
    rules = OperatorRules(currency=currency, one_vat_rate=one_vat_rate)
    try:
        given = dict(document) if isinstance(document, Mapping) else document
        return TariffDocument.model_validate(given, context=rules).tariff()
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise TariffRefused(faults=tuple(_fault(detail) for detail in details)) from error


def _fault(detail: ErrorDetails) -> FieldFault:
    return FieldFault(field=_path(detail["loc"]), message=_message(detail))


def _path(location: tuple[int | str, ...]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{_shortened(step)}" for step in location)
    return "".join(steps).removeprefix(".") or "tariff"


def _shortened(name: str) -> str:
    shown = name if name.isprintable() else repr(name)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"


def _message(detail: ErrorDetails) -> str:
    """In our words where pydantic's would speak of its own affairs; `_MESSAGES` quotes pydantic's limits."""
    if detail["type"] == "extra_forbidden":
        return _unknown(detail["loc"])
    message = _MESSAGES.get(detail["type"])
    return message.format(**detail.get("ctx", {})) if message else detail["msg"]


def _unknown(location: tuple[int | str, ...]) -> str:
    """A second spelling of a field that is there is the one way in which a name that we know can be too many."""
    known = fields_at(TariffDocument, location[:-1])
    ours = to_snake(str(location[-1]))
    if ours in known:
        return f"is {ours} a second time: write one of the two"
    return f"unknown field: write one of {', '.join(known)}, or leave it out"
