"""The sandbox, as the tests see it and tell it to fail."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from local.sandbox import RunningSandbox, serving
from shared.http_client import HttpClient
from shared.http_requests import HttpRequests
from shared.json_documents import parse_json

WITHOUT_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody: the sandbox is told over plain http


class OtherSide:
    """Utility Cloud and Entra. `client` is what the app sends with; with `http` the sandbox is told and asked."""

    def __init__(self, sandbox: RunningSandbox | None) -> None:
        self.sandbox = sandbox
        self.own_client = HttpClient(allow_local=True, tls=WITHOUT_TLS)
        self.client: HttpRequests = self.own_client
        self.http = httpx.AsyncClient(verify=WITHOUT_TLS, trust_env=False, timeout=httpx.Timeout(20, connect=5))

    async def arrived(self, what: str = "transactions") -> list[dict[str, Any]]:
        """The bodies that the sandbox has stored, oldest first."""
        return [each["body"] for each in await self.seen(what)]

    async def seen(self, what: str) -> list[dict[str, Any]]:
        """What the sandbox lists."""
        assert self.sandbox is not None
        found: list[dict[str, Any]] = parse_json(  # type: ignore[assignment]  # it lists objects
            (await self.http.get(f"{self.sandbox.url}/_sandbox/{what}")).content
        )
        return found

    async def requests(self) -> list[tuple[str, int | None]]:
        """Method and answer of each request for lines or series that the sandbox got; its token requests left out."""
        return [
            (each["method"], each["status"]) for each in await self.seen("requests") if "/token" not in each["path"]
        ]

    async def until_requested(self, times: int) -> None:
        """Waits until so many requests for lines or series have come in."""
        async with asyncio.timeout(30):
            while len(await self.requests()) < times:  # noqa: ASYNC110  the sandbox cannot call back
                await asyncio.sleep(0.005)

    async def forget_sandbox(self) -> None:
        """The sandbox forgets everything."""
        assert self.sandbox is not None
        answer = await self.http.delete(f"{self.sandbox.url}/_sandbox")
        assert answer.status_code == 204

    async def fault(self, target: str, kind: str, **details: Any) -> None:
        """Tells the sandbox to fail."""
        assert self.sandbox is not None
        fault = {"target": target, "kind": kind, **details}
        answer = await self.http.post(f"{self.sandbox.url}/_sandbox/faults", json=fault)
        assert answer.status_code == 201, answer.text


@contextmanager
def running_sandbox(certificates: Path) -> Iterator[RunningSandbox]:
    """The sandbox in a thread with a loop of its own, so that it outlives the loops of the tests."""
    started: Future[RunningSandbox] = Future()
    stopping: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        stop = asyncio.Event()
        stopping.set_result((asyncio.get_running_loop(), stop))
        async with serving(certificates=certificates) as sandbox:
            started.set_result(sandbox)
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="sandbox")
    thread.start()
    try:
        yield started.result(timeout=20)
    finally:
        loop, stop = stopping.result(timeout=20)
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=20)
