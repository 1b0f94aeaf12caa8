"""One program of the stack: how it is started, when it counts as answering, how it is stopped."""

import http.client
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Port:
    """A TCP port of 127.0.0.1 that a service listens on, and the environment variable that moves it."""

    variable: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service without a command runs elsewhere already: it is waited for, never started or stopped."""

    name: str
    command: tuple[str, ...]
    listens: tuple[Port, ...] = ()
    health: str | None = None
    """An address that answers below 300 once the service is ready; without one, accepting a connection is enough."""
    after: frozenset[str] = frozenset()
    """The services that must answer before this one is started; those that are not part of the stack do not count."""
    may_end: bool = False
    """It is a program with an end: exit code 0 is its success, not a fault."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment that the runner itself has."""
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 5.0
    """Seconds between the stop signal and SIGKILL."""

    def missing(self) -> str | None:
        """What still does not answer, in words; None once everything does."""
        for port in self.listens:
            if not accepts_connections(port.number):
                return f"nothing listens on 127.0.0.1:{port.number}"
        if self.health is not None:
            return health_fault(self.health)
        return None


def accepts_connections(port: int) -> bool:
    """Whether something on 127.0.0.1 takes a TCP connection at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def health_fault(address: str) -> str | None:
    """Why the address does not count as healthy, or None."""
    try:
        # No proxy: a developer's proxy knows nothing of 127.0.0.1.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(address, timeout=2.0) as answer:
            return None if answer.status < 300 else f"{address} answered {answer.status}"
    except urllib.error.HTTPError as refused:
        with refused:
            return f"{address} answered {refused.code}"
    except (OSError, http.client.HTTPException) as fault:
        return f"{address}: {fault}"
