"""A request that came in and the answer that goes out, as the three partners of the sandbox see them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Target = Literal["invoice-line", "meter-values", "token", "charging-platform", "notices"]

_NO_BODY = (204, 304)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """One request, read to its end. Names of `headers` are lower case, `path` is decoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    document: Any = None
    """The body as JSON, read exactly; None also where there is no body or where it is not JSON."""
    not_json: str | None = None
    """Why the body is not JSON, or None if it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a partner says: `body` is JSON text in UTF-8."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(status: int, value: object, **headers: str) -> Answer:
    """An answer with `value` as JSON; in the names of headers `_` stands for `-`."""
    body = b"" if status in _NO_BODY else json.dumps(value).encode()
    return Answer(status=status, body=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


class Partner(Protocol):
    """One of the systems that the sandbox plays. Answering may store what arrived; it never waits."""

    def target_of(self, path: str) -> Target | None:
        """What a fault must aim at to meet a request for this path; None if no fault can."""

    def operator_of(self, arrival: Arrival) -> str | None:
        """The GLN of the operator on whose behalf the request came, as far as it can be told."""

    def answer(self, arrival: Arrival) -> Answer: ...

    def answer_fault(self, status: int, *, retry_after: int | None) -> Answer:
        """The answer in which this partner says that it fails with `status`; nothing is stored."""
