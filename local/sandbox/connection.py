"""The HTTP server of the sandbox: uvicorn, with a connection that an application can cut."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from local.sandbox.front_door import CUT

_BACKLOG = 2048
_SECONDS_TO_FINISH = 1


class PortTakenError(Exception):
    """Somebody else listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} on 127.0.0.1 is taken")
        self.port = port


class _CuttableConnection(HttpToolsProtocol):
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"abort": self.transport.abort}}

    def shutdown(self) -> None:
        """An idle connection ends at once: over TLS a polite close would wait for the other side to agree."""
        super().shutdown()
        if self.transport.is_closing():
            self.transport.abort()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the process's signals to the process."""
        yield


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one. Raises `PortTakenError`."""
    # Named as TCP, because asyncio sends small answers at once only on a socket that says so: 40 ms each otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTakenError(port) from error
    return listener


@dataclass(frozen=True, kw_only=True, slots=True)
class Port:
    """An application and the socket on which it is served, over TLS if there is a certificate."""

    app: ASGIApp
    listener: socket.socket
    certificate: Path | None = None


@contextlib.asynccontextmanager
async def served(*ports: Port) -> AsyncIterator[None]:
    """Serves the ports; on leaving, requests under way get a second to finish, and every connection is closed."""
    servers = [_server(port) for port in ports]
    serving = [
        asyncio.create_task(server.serve(sockets=[port.listener])) for server, port in zip(servers, ports, strict=True)
    ]
    try:
        yield
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*serving)


def _server(port: Port) -> _Server:
    config = uvicorn.Config(
        port.app,
        http=_CuttableConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        backlog=_BACKLOG,
        ssl_certfile=port.certificate,
    )
    return _Server(config)
