"""A request by the real client, as it is made for a line."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from shared.http_client import HttpClient
from shared.http_requests import HttpAnswer
from tests.passing_time import let_pass, turns
from tests.unit.http_client.raw_server import RawServer


async def post(client: HttpClient, url: str, body: bytes = b"{}", **more: Any) -> HttpAnswer:
    """A line, so to speak."""
    wanted: dict[str, Any] = {"headers": {"Authorization": "Bearer t"}, "longest_seconds": 30, "at_most": 1000} | more
    return await client.request("POST", url, body=body, **wanted)


async def get(client: HttpClient, url: str) -> HttpAnswer:
    """A question."""
    return await client.request("GET", url, headers={}, longest_seconds=30, at_most=1000)


async def answered[T](server: RawServer, asking: Coroutine[Any, Any, T], *, after: float) -> T:
    """What it comes to when so many seconds have passed since the server met it."""
    running = asyncio.create_task(asking)
    await server.met.wait()
    await turns()
    return await soon_after(after, running)


async def soon_after[T](seconds: float, running: asyncio.Task[T]) -> T:
    """What it comes to when so many seconds have passed, and not many more."""
    let_pass(seconds)
    over, _ = await asyncio.wait({running}, timeout=2)
    assert over, "it still waits"
    return running.result()
