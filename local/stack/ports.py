"""The five ports of the stack, and whether they can be had."""

import errno
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Self

from local.stack.faults import PortsUnusable
from local.stack.service import Port, Service, accepts_connections


@dataclass(frozen=True, kw_only=True)
class Ports:
    """TCP ports on 127.0.0.1; each field's name in capitals with `_PORT` is the variable that moves it."""

    functions: int = 7071
    tables: int = 10002
    service_bus: int = 5672
    sandbox: int = 7080
    sandbox_tls: int = 7443

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises PortsUnusable, naming every variable that is not a port number."""
        given = {name: environment[variable(name)] for name in names() if environment.get(variable(name))}
        faults = [
            f"{variable(name)} must be a port number from 1 to 65535, and is {text!r}"
            for name, text in given.items()
            if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535)
        ]
        if faults:
            raise PortsUnusable(faults)
        return cls(**{name: int(text) for name, text in given.items()})

    @classmethod
    def free(cls) -> Self:
        """Ports that nothing uses at this moment, all different; for tests."""
        probes = [socket.create_server(("127.0.0.1", 0)) for _ in names()]
        try:
            numbers = [int(probe.getsockname()[1]) for probe in probes]
        finally:
            for probe in probes:
                probe.close()
        return cls(**dict(zip(names(), numbers, strict=True)))

    def port(self, name: str) -> Port:
        """The port with the variable that moves it; `name` is a field's."""
        return Port(variable=variable(name), number=getattr(self, name))

    def as_environment(self) -> dict[str, str]:
        """All five as the variables that `from_environment` reads."""
        return {variable(name): str(getattr(self, name)) for name in names()}


def names() -> list[str]:
    """The ports' names, as the fields of `Ports`."""
    return [field.name for field in fields(Ports)]


def variable(name: str) -> str:
    """The environment variable that moves a port."""
    return f"{name.upper()}_PORT"


def require_free(services: Iterable[Service]) -> None:
    """Raises PortsUnusable, naming every port that one of the services to be started cannot have."""
    faults: list[str] = []
    wanted: dict[int, str] = {}
    for service in services:
        for port in service.listens if service.command else ():
            if port.number in wanted:
                faults.append(
                    f"port {port.number} is given to both {wanted[port.number]} and {service.name} ({port.variable})"
                )
            elif taken(port.number):
                faults.append(
                    f"port {port.number} of {service.name} is taken{holder(port.number)}: "
                    f"stop that, or set {port.variable} to another port"
                )
            wanted.setdefault(port.number, service.name)
    if faults:
        raise PortsUnusable(faults)


def taken(port: int) -> bool:
    """Whether a server on 127.0.0.1 could not have the port.

    Both ways are needed: something that listens on all addresses does not stop macOS from binding 127.0.0.1 beside it,
    and something bound without listening accepts nothing.
    """
    if accepts_connections(port):
        return True
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of an earlier run that are still fading away do not make the port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as fault:
            return fault.errno == errno.EADDRINUSE
    return False


def holder(port: int) -> str:
    """` by <program> (pid <n>)` where the system lets us see it, else nothing."""
    import psutil  # only when something is wrong: it takes 30 ms to import

    try:
        for connection in psutil.net_connections(kind="tcp"):
            if (
                connection.status == psutil.CONN_LISTEN
                and getattr(connection.laddr, "port", None) == port
                and connection.pid
            ):
                command = " ".join(psutil.Process(connection.pid).cmdline())
                return f" by `{command[:120]}` (pid {connection.pid})"
    except psutil.Error:
        pass  # macOS shows other programs' connections to root only
    return ""
