"""The sandbox put together: two ports, one memory."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from local.sandbox import charging_platform, notices
from local.sandbox.certificates import certificates_in
from local.sandbox.charging_platform import ChargingPlatform
from local.sandbox.connection import Port, listen, served
from local.sandbox.control import PREFIX, control_app
from local.sandbox.entra import Entra
from local.sandbox.exchange import Partner
from local.sandbox.faults import FaultList
from local.sandbox.front_door import FrontDoor
from local.sandbox.memory import Clock, Memory, utc_now
from local.sandbox.notices import NoticeReceiver
from local.sandbox.tokens import Tokens
from local.sandbox.utility_cloud import UtilityCloud


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningSandbox:
    """Where the sandbox is: `url` for all but Entra, `tls_url` for Entra, whose certificate `ca_bundle` vouches for."""

    url: str
    tls_url: str
    ca_bundle: Path


@contextlib.asynccontextmanager
async def serving(
    *, certificates: Path, port: int = 0, tls_port: int = 0, now: Clock = utc_now
) -> AsyncIterator[RunningSandbox]:
    """Serves the sandbox on 127.0.0.1 until left; 0 takes a free port. `certificates` is the folder for them.

    Raises `PortTakenError`.
    """
    issued = certificates_in(certificates)
    closing = asyncio.Event()
    http_app, entra_app = _apps(now, closing)
    with listen(port) as listener, listen(tls_port) as tls_listener:
        running = RunningSandbox(
            url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            tls_url=f"https://127.0.0.1:{tls_listener.getsockname()[1]}",
            ca_bundle=issued.ca,
        )
        async with served(
            Port(app=http_app, listener=listener),
            Port(app=entra_app, listener=tls_listener, certificate=issued.server),
        ):
            try:
                yield running
            finally:
                closing.set()


def _apps(now: Clock, closing: asyncio.Event) -> tuple[ASGIApp, ASGIApp]:
    memory, faults, tokens = Memory(now=now), FaultList(), Tokens(now=now)
    utility_cloud, platform = UtilityCloud(memory, tokens), ChargingPlatform(memory)
    entra, receiver = Entra(tokens, now=now), NoticeReceiver(memory)
    control = control_app(memory, faults)

    def partner_for(path: str) -> Partner:
        if path.startswith(notices.PREFIX):
            return receiver
        return platform if path.startswith(charging_platform.PREFIX) else utility_cloud

    partners = FrontDoor(memory, faults, closing, partner_for)

    async def http_app(scope: Scope, receive: Receive, send: Send) -> None:
        own = scope["path"] == "/" or scope["path"].startswith(PREFIX)
        await (control if own else partners)(scope, receive, send)

    return http_app, FrontDoor(memory, faults, closing, lambda _: entra)
