"""A field of the settings, and a group of them, as people read and fill them in."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    CHECK = "check"
    TIME = "time"
    KINDS = "kinds"
    SECRET = "secret"  # noqa: S105  a kind, no secret


@dataclass(frozen=True, kw_only=True)
class Field:
    """`name` is its path in the document. One that may be empty is null then. `choices`: value and text."""

    name: str
    label: str
    help: str = ""
    kind: Kind = Kind.TEXT
    may_be_empty: bool = False
    longest: int = 200
    choices: tuple[tuple[str, str], ...] = ()
    must: str = ""
    """What is said of a text that is nothing of the kind."""
    suggestions: str = ""
    """The id of the list that is offered while typing."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fields that belong together. `forgets`: what the whole group is in the document, where it can be taken out."""

    group_id: str
    title: str
    about: str
    fields: tuple[Field, ...] = ()
    forgets: str = ""
