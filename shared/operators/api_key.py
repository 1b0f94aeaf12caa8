"""An API key as it is kept, and where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.faults import Stored

from .caller import Scope


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key as it is kept: the secret only as lower-case hex SHA-256. `name` is the random part of its id."""

    gln: str
    name: str
    scope: Scope
    label: str
    secret_hash: str
    created_at: datetime
    valid_until: datetime | None = None  # only rotating a key sets an end
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    @property
    def key_id(self) -> str:
        """What the key is called in answers: it finds the key, and tells nothing of the secret."""
        return f"{self.gln}-{self.name}"

    def holds(self, now: datetime) -> bool:
        """Neither revoked nor past its time."""
        return self.revoked_at is None and (self.valid_until is None or now < self.valid_until)


@dataclass(frozen=True, kw_only=True)
class IssuedKey:
    """A new key and its whole text, which is not to be had again."""

    key: ApiKey
    text: str


class KeyEnded(Exception):
    """A key that was revoked, or whose time is over, cannot be rotated."""

    def __init__(self, *, key_id: str) -> None:
        super().__init__(f"the key {key_id} has ended; issue a new one")
        self.key_id = key_id


class KeyIssuedAlready(Exception):
    """The same request has issued a key before, whose text is not to be had again."""

    def __init__(self, *, key_id: str) -> None:
        super().__init__(f"this request has issued the key {key_id} already; if nobody saw its text, rotate it")
        self.key_id = key_id


class RequestIdTaken(Exception):
    """The id of a request is that of another one, which wanted another key."""

    def __init__(self, *, key_id: str) -> None:
        super().__init__(
            f"a request with this id has issued the key {key_id}, with another scope or label; make up an id for each"
        )
        self.key_id = key_id


class KeyRotatedAlready(Exception):
    """A key that another one took the place of cannot be rotated again: there would be two in its place."""

    def __init__(self, *, key_id: str) -> None:
        super().__init__(f"the key {key_id} was rotated already; rotate the one that took its place, or issue one")
        self.key_id = key_id


class KeyStore(Protocol):
    """Where keys are kept. Every call may raise StorageUnavailable."""

    async def find(self, *, gln: str, name: str) -> Stored[ApiKey] | None:
        """The key, in one point read."""
        ...

    async def all_of(self, *, gln: str) -> list[ApiKey]:
        """Every key of an operator, in no order."""
        ...

    async def add(self, key: ApiKey, *, ending: Stored[ApiKey] | None = None) -> None:
        """Adds a key, and in the same commit writes `ending` over the row of its version. Raises RowConflict."""
        ...

    async def replace(self, key: Stored[ApiKey]) -> None:
        """Writes a key over the row of its version. Raises RowConflict."""
        ...
