"""A server that sends bytes as they are told, so that no library makes them decent."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser

type Does = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What a connection does once a request has come in."""

OK = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Request:
    """What came in: the first line, the headers by their names in lower case, the body."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class RawServer:
    """Each request is met by the next of `answers`: bytes, after which the connection stays open, or what to do."""

    port: int = 0
    answers: list[bytes | Does] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    connections: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    """Some connection has ended."""
    met: asyncio.Event = field(default_factory=asyncio.Event)
    """Some request has come in and the beginning of its answer, if there is one, gone out."""
    tls_names: list[str | None] = field(default_factory=list)
    """Which names clients wanted certified."""

    @property
    def url(self) -> str:
        """Without TLS."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.seen.append(await self._request(reader))
                answer = self.answers.pop(0)
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                    self.met.set()
                else:
                    self.met.set()
                    await answer(reader, writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()
        self.closed.set()

    async def _request(self, reader: asyncio.StreamReader) -> Request:
        line = await reader.readuntil(b"\r\n")
        head = BytesHeaderParser().parsebytes(await reader.readuntil(b"\r\n\r\n"))
        headers = {name.lower(): value for name, value in head.items()}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Request(line=line.decode().strip(), headers=headers, body=body)


def with_body(body: bytes, **headers: str) -> bytes:
    """An answer with this body and these headers."""
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 201 Created\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body


def then_closed(answer: bytes) -> Does:
    """These bytes, and the connection ends."""

    async def do(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        raise ConnectionResetError

    return do


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Nothing, until the client goes."""
    await reader.read()
    raise ConnectionResetError


async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A body without an end, much of it each time."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
        await writer.drain()


@asynccontextmanager
async def raw_server(*answers: bytes | Does, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """A server at 127.0.0.1."""
    server = RawServer(answers=list(answers))
    if tls is not None:
        tls.sni_callback = lambda _, name, __: server.tls_names.append(name)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server
        listening.close_clients()
