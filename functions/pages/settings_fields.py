"""What the Advanced settings tab has: each field of an operator's document."""

from collections.abc import Iterator

from functions.pages.settings_field import Field, Group, Kind
from functions.pages.settings_here import HERE
from functions.pages.settings_outside import OUTSIDE
from shared.json_documents import FieldFault

__all__ = ["FORGETTABLE", "GROUPS", "LABELS", "SECRETS", "Field", "Group", "Kind", "fields", "in_words"]

GROUPS: tuple[Group, ...] = (*HERE, *OUTSIDE)


def fields() -> Iterator[Field]:
    """All of them, in the order of the page."""
    return (field for group in GROUPS for field in group.fields)


SECRETS = tuple(field.name for field in fields() if field.kind is Kind.SECRET)
FORGETTABLE = tuple(group.forgets for group in GROUPS if group.forgets)
_MUST = {field.name: field.must for field in fields() if field.must}
_NUMBERS = {field.name for field in fields() if field.kind is Kind.NUMBER}
_OF_THE_VALIDATOR = ("String should", "Input should")
LABELS = {field.name: field.label for field in fields()}


def in_words(fault: FieldFault) -> FieldFault:
    """The fault as people are told of it, where the API says it as to a program."""
    if not fault.message.startswith(_OF_THE_VALIDATOR):
        return fault
    must = _MUST.get(fault.field)
    if fault.field in _NUMBERS or fault.field.endswith("].siteId"):
        must = "must be a whole number, from 0 to 9007199254740991"
    elif must is None and fault.message.startswith("String should have at least"):
        must = "must not be empty"
    return FieldFault(field=fault.field, message=must or fault.message)
