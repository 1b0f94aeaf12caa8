"""A server that answers as no decent one does, in a thread with a loop of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import Receive, Scope, Send

from local.sandbox.certificates import Certificates
from local.sandbox.connection import Port, listen, served

type Answering = Callable[[Send], Awaitable[None]]


def answer(status: int, body: bytes = b"{}", **headers: str) -> Answering:
    """An answer with these headers."""

    async def send_it(send: Send) -> None:
        pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})

    return send_it


def broken_off(status: int | None) -> Answering:
    """The status comes, and of the body only the beginning; or without a status nothing at all."""

    async def send_it(send: Send) -> None:
        if status is not None:
            headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionResetError

    return send_it


def very_long(status: int) -> Answering:
    """The status comes, and a body of 128 MB."""

    async def send_it(send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        for _ in range(2_000):  # after the client has gone, sending does nothing and never fails
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})

    return send_it


def held(freed: threading.Event, then: Answering) -> Answering:
    """Nothing until the test says so, and then this."""

    async def send_it(send: Send) -> None:
        while not freed.is_set():  # noqa: ASYNC110  whoever frees it is in another thread
            await asyncio.sleep(0.005)
        await then(send)

    return send_it


@dataclass
class OddServer:
    """Gives each request the next of its answers. `seen` has the method and the headers of each."""

    url: str
    ca: Path
    answers: list[Answering] = field(default_factory=list)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def begin(self) -> None:
        """Forgets everything."""
        self.answers.clear()
        self.seen.clear()

    async def until_seen(self, times: int) -> None:
        """Waits until so many requests have come in."""
        async with asyncio.timeout(30):
            while len(self.seen) < times:  # noqa: ASYNC110  it runs in another thread
                await asyncio.sleep(0.005)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        while (await receive()).get("more_body"):
            pass
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.seen.append((scope["method"], headers))
        await self.answers.pop(0)(send)


@contextmanager
def running_odd_servers(issued: Certificates) -> Iterator[tuple[OddServer, OddServer]]:
    """One without and one with TLS."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    with ExitStack() as listening:
        plain, secure = listening.enter_context(listen(0)), listening.enter_context(listen(0))
        servers = (
            OddServer(url=f"http://127.0.0.1:{plain.getsockname()[1]}", ca=issued.ca),
            OddServer(url=f"https://127.0.0.1:{secure.getsockname()[1]}", ca=issued.ca),
        )

        async def serve() -> None:
            stop = asyncio.Event()
            ports = (
                Port(app=servers[0], listener=plain),
                Port(app=servers[1], listener=secure, certificate=issued.server),
            )
            async with served(*ports):
                started.set_result((asyncio.get_running_loop(), stop))
                await stop.wait()

        thread = threading.Thread(target=asyncio.run, args=(serve(),), name="odd servers")
        thread.start()
        try:
            loop, stop = started.result(timeout=20)
            yield servers
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(timeout=20)
