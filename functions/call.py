"""What a handler is given, and what it gives back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from functions.problems import NotFound
from shared.operators import Caller, Operator, Scope


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request from a caller who may make it. `headers` are in lower case, without those that carry the key."""

    caller: Caller
    path: Mapping[str, str]
    headers: Mapping[str, str]
    raw_body: bytes
    received_at: datetime
    query: Any = None
    """What the spec's query model made of the query parameters; None where the spec has no such model."""
    known_operator: Operator | None = None
    """The operator of the path, or of the key where the path names none; None where there need not be one."""
    arrived_at: int | None = None
    """When the request came in, by `time.time_ns`, before its key was looked up; None where nobody noted it."""
    traceparent: str | None = None
    """What the platform has under way for the request; see `invocation`."""

    @property
    def gln(self) -> str:
        """The GLN in the path, or the key's where the path names none. Raises NotFound if neither has one."""
        gln = self.path.get("gln") or self.caller.gln
        if gln is None:
            raise NotFound("operator")
        return gln

    @property
    def operator(self) -> Operator:
        """The operator that this is about, as configured at most 30 s ago. Raises NotFound if there is none."""
        if self.known_operator is None:
            raise NotFound(f"operator {self.gln}")
        return self.known_operator

    def header(self, name: str) -> str | None:
        """A request header, whatever its case."""
        return self.headers.get(name.lower())


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What to answer: a document (JSON, or a pydantic model), or finished `content` of `media_type`."""

    status: int = 200
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    media_type: str = "application/json"


@dataclass(frozen=True, kw_only=True)
class Observation:
    """A request that was answered. `call` is None if it was refused before its caller was known and allowed."""

    endpoint: str
    route: str
    method: str
    call: Call | None
    status: int
    raw_body: bytes
    answer: bytes
    duration: timedelta
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The query as it was sent, whether or not it is one that the endpoint takes."""


type Handler = Callable[..., Awaitable[Answer]]
type Observe = Callable[[Observation], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class EndpointSpec:
    """An HTTP endpoint: who may call it, what it takes, what it answers. `scope` None: no key is needed."""

    name: str
    method: str
    route: str
    scope: Scope | None
    summary: str
    answers: Mapping[int, type[BaseModel] | None]
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    operator_may_be_missing: bool
    observe: Observe | None
    handler: Handler
