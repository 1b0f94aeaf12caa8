"""Everything that the sandbox has received. It lives as long as the process."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local.sandbox.known_session import KnownSession
from local.sandbox.known_site import KnownSite

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def utc_text(instant: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond, with `Z`."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredBody:
    """An accepted body, byte for byte."""

    received_at: datetime
    gln: str | None
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredNotice:
    """A notice as it came. `fault`: why it was refused; None if its signature is right."""

    received_at: datetime
    gln: str
    webhook_id: str | None
    fault: str | None
    body: bytes


@dataclass(kw_only=True, slots=True)
class ReceivedRequest:
    """One line of the list of requests. `status` is None until it is answered, and stays so if it is cut."""

    received_at: datetime
    method: str
    path: str
    gln: str | None
    body: bytes
    status: int | None = None


@dataclass(kw_only=True)
class Memory:
    """Lists are oldest first. A line is found by operator and transaction id without a search."""

    now: Clock = utc_now
    lines: list[StoredBody] = field(default_factory=list)
    series: list[StoredBody] = field(default_factory=list)
    requests: list[ReceivedRequest] = field(default_factory=list)
    sessions: dict[str, list[KnownSession]] = field(default_factory=dict)
    sites: dict[str, list[KnownSite]] = field(default_factory=dict)
    notices: list[StoredNotice] = field(default_factory=list)
    times_forgotten: int = 0
    _line_by_id: dict[tuple[str | None, str], StoredBody] = field(default_factory=dict)

    def store_line(self, *, gln: str | None, transaction_id: str, body: bytes) -> None:
        """Keeps the line, also under an id that is taken already: a line sent twice is seen twice."""
        line = StoredBody(received_at=self.now(), gln=gln, body=body)
        self.lines.append(line)
        self._line_by_id[gln, transaction_id] = line

    def line(self, *, gln: str | None, transaction_id: str) -> StoredBody | None:
        """The operator's line of that id, the last one if there are several."""
        return self._line_by_id.get((gln, transaction_id))

    def store_series(self, *, gln: str | None, body: bytes) -> None:
        self.series.append(StoredBody(received_at=self.now(), gln=gln, body=body))

    def store_session(self, session: KnownSession) -> None:
        self.sessions.setdefault(session.gln, []).append(session)

    def remove_session(self, *, gln: str, session_id: str) -> bool:
        """Whether there was one."""
        before = self.sessions.get(gln, [])
        self.sessions[gln] = [session for session in before if session.item["id"] != session_id]
        return len(self.sessions[gln]) < len(before)

    def forget(self) -> None:
        self.times_forgotten += 1
        self.lines.clear()
        self.series.clear()
        self.requests.clear()
        self.sessions.clear()
        self.sites.clear()
        self.notices.clear()
        self._line_by_id.clear()
