"""A TCP proxy that a test puts between a client and a server, to lose answers, to be silent, or to be gone."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LOST = b""
"""In place of an answer: the connection is cut after the server has answered, which it did for what it carried out."""


class TcpProxy:
    """Passes everything on, but for the answers that stand in `instead` (each taken once) and while it is silent."""

    def __init__(self, *, to: int) -> None:
        self.instead: deque[bytes] = deque()
        self.to_cut = 0
        """How many requests are cut off before they are passed on."""
        self.replaced = asyncio.Event()
        """Set by every answer that was replaced."""
        self.passing = asyncio.Event()
        """Cleared: it is silent, what comes in waits."""
        self.passing.set()
        self.requests: list[bytes] = []
        """The first line of each request that was passed on."""
        self._to = to
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        server, to_server = await asyncio.open_connection("127.0.0.1", self._to)
        both = [asyncio.create_task(each) for each in (self._ask(client, to_server), self._answer(server, to_client))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            # What was written in place of an answer still goes out; nothing is waited for, as a cut does not wait.
            to_client.close()
            to_server.transport.abort()

    async def _ask(self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        while data := await client.read(1 << 20):
            await self.passing.wait()
            if self.to_cut:
                self.to_cut -= 1
                return
            if data.startswith((b"GET ", b"POST ")):
                self.requests.append(data.split(b" HTTP", 1)[0])
            to_server.write(data)
            await to_server.drain()

    async def _answer(self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        while data := await server.read(1 << 20):
            if self.instead:
                to_client.write(self.instead.popleft())
                await to_client.drain()
                self.replaced.set()
                return
            to_client.write(data)
            await to_client.drain()


@asynccontextmanager
async def proxying(*, to: int) -> AsyncIterator[TcpProxy]:
    """A proxy on a free port of 127.0.0.1 to the port `to`."""
    proxy = TcpProxy(to=to)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()
