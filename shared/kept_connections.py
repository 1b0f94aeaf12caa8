"""Connections that are kept for the next request, without those that the server has closed."""

import asyncio
import select
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakSet

import aiohttp

from shared.addresses import AddressInfo

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace


class KeptConnections(aiohttp.TCPConnector):
    """aiohttp knows that a connection is closed once the loop has come round to it, which on a busy machine is too
    late for a request that is written first: its fate would be unknown. So the system is asked.

    `open_socket` is asked for a socket for each address that is connected to, and may refuse; None: it may be any.
    `resolver` finds the addresses of a name; None: as the system does.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext,
        limit: int,
        keepalive_timeout: float,
        open_socket: Callable[[AddressInfo], socket.socket] | None = None,
        resolver: "AbstractResolver | None" = None,
    ) -> None:
        super().__init__(
            ssl=tls, limit=limit, keepalive_timeout=keepalive_timeout, socket_factory=open_socket, resolver=resolver
        )
        self._used: WeakSet[asyncio.Transport] = WeakSet()

    async def connect(
        self,
        req: "ClientRequest",
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  it is aiohttp's
    ) -> "Connection":
        """See aiohttp."""
        while True:
            connection = await super().connect(req, traces, timeout)
            transport = connection.transport
            if transport is None or transport not in self._used or not _has_something_to_read(transport):
                break
            connection.close()
        if transport is not None:
            self._used.add(transport)
        return connection


def _has_something_to_read(transport: asyncio.Transport) -> bool:
    """Between two requests that can only be the end."""
    looking = select.poll()
    looking.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(looking.poll(0))
