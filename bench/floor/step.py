"""What has to be done for one message or request, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.storage.rows import Change

EVENT, QUESTION, STOP, DELIVERY = "event", "question", "stop", "delivery"
"""Kinds of works."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """A point read."""

    table: str
    partition: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Query:
    """A range of rows."""

    table: str
    partition: str
    first: str
    before: str
    limit: int | None


@dataclass(frozen=True, kw_only=True)
class Commit:
    """Changes in one transaction. The versions in them are those of the recording."""

    table: str
    partition: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class Post:
    """A request to Utility Cloud."""

    body: bytes


@dataclass(frozen=True, kw_only=True)
class Send:
    """A message to the deliveries queue."""

    body: str
    message_id: str


type Step = Read | Query | Commit | Post | Send


@dataclass(kw_only=True)
class Work:
    """What one request or message takes: groups of steps, those of a group at the same time.

    `before` must be done before the answer `answer` is given or the message completed, `after` need not.
    """

    before: list[list[Step]] = field(default_factory=list)
    after: list[list[Step]] = field(default_factory=list)
    answer: bytes = b""


@dataclass(kw_only=True)
class Recording:
    """All works by the kind of what comes in and its number, and what was in the tables before."""

    works: dict[str, list[Work]] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, dict[str, str]]] = field(default_factory=dict)
    """Texts by table, partition and key."""
