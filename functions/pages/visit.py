"""What a page's handler is given, and what it gives back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.pages.person import Person, Role
from functions.problems import NotFound
from shared.operators import Operator


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A person's request for a page, or what a form on it sends. The person may do it."""

    person: Person
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    """The last value of each field; empty fields are left out."""
    lists: Mapping[str, Sequence[str]]
    """All values of each field."""
    files: Mapping[str, bytes]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    url: str
    """The path with its query, as asked for."""
    now: datetime
    known_operator: Operator | None = None

    @property
    def operator(self) -> Operator:
        """The operator of the path. Raises NotFound if the path names none."""
        if self.known_operator is None:
            raise NotFound("operator")
        return self.known_operator

    @property
    def gln(self) -> str:
        """The operator's GLN."""
        return self.operator.gln


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A page: a template and what it shows."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Done:
    """Something was done: on to another page, which says so once. One that begins with `!` is a failure."""

    to: str
    said: str | None = None
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file."""

    content: bytes
    media_type: str
    name: str


type Outcome = Shown | Done | Download
type Handler = Callable[[Visit], Awaitable[Outcome]]


@dataclass(frozen=True, kw_only=True)
class PageSpec:
    """A page, or what its forms send to, which takes Role.ADMIN. `role` None: a part of the development sign-in."""

    name: str
    method: str
    route: str
    role: Role | None
    handler: Handler
