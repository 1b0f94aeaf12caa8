"""The broker on a socket."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from local.service_bus.alarm import Clock
from local.service_bus.connection import Connection
from local.service_bus.namespace import Namespace
from local.service_bus.topology import Topology, read_topology

HOST = "127.0.0.1"


class Broker:
    """A running broker. `advance` is for tests that give it their own clock, which no timer follows."""

    def __init__(self, *, port: int, namespace: Namespace, connections: set[Connection]) -> None:
        self.port = port
        self._namespace = namespace
        self._connections = connections

    @property
    def connection_string(self) -> str:
        return connection_string(port=self.port)

    def advance(self) -> None:
        self._namespace.advance()

    def drop_connections(self) -> None:
        """As when the network fails: the clients hear nothing."""
        for connection in list(self._connections):
            connection.shut()


def connection_string(*, port: int) -> str:
    """The key is not checked, but the SDK wants one."""
    return (
        f"Endpoint=sb://{HOST}:{port};SharedAccessKeyName=RootManageSharedAccessKey;"
        "SharedAccessKey=local;UseDevelopmentEmulator=true;"
    )


@asynccontextmanager
async def serving(
    *, port: int = 0, topology: Topology | None = None, clock: Clock = time.time
) -> AsyncIterator[Broker]:
    """Listens on 127.0.0.1 until the block ends; port 0 takes a free one. Raises OSError when the port is taken."""
    loop = asyncio.get_running_loop()
    timers: set[asyncio.TimerHandle] = set()

    def wake(ring: Callable[[], object], due: float) -> None:
        def call() -> None:
            timers.discard(handle)
            ring()

        handle = loop.call_later(max(0.0, due - clock()), call)
        timers.add(handle)

    namespace = Namespace(topology=topology or read_topology(), clock=clock, wake=wake)
    connections: set[Connection] = set()
    server = await loop.create_server(
        lambda: Connection(namespace=namespace, connections=connections), HOST, port, backlog=512
    )
    broker = Broker(port=server.sockets[0].getsockname()[1], namespace=namespace, connections=connections)
    try:
        yield broker
    finally:
        server.close()
        broker.drop_connections()
        for timer in timers:
            timer.cancel()
        await server.wait_closed()
