"""HTTP requests to other services, by aiohttp. See `shared.http_requests`."""

import asyncio
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from shared.addresses import LeadsInside, address_fault, socket_outside
from shared.http_requests import HttpAnswer, NoAnswer, NotAllowed, NotConnected, NotSendable
from shared.tls import tls_context

if TYPE_CHECKING:
    import ssl

    import aiohttp
    from aiohttp import ClientHandlerType
    from aiohttp.abc import AbstractResolver
    from yarl import URL

_CONNECT_SECONDS = 5
_LONGEST_SILENCE_SECONDS = 20
# Each operator has a bounded number of attempts under way; the pool must not be what they wait for.
_MOST_CONNECTIONS = 1000
# Servers close what is idle: a line that meets the closing has an unknown fate.
_KEPT_OPEN_SECONDS = 5
_LONGEST_HEADER = 100 * 1024
_MOST_HEADERS = 1000
# What may stand in a URL; of what may not, browsers and other clients send the code.
_AS_IT_IS = "!#$%&'()*+,/:;=?@[]~"


class HttpClient:
    """One pool of connections, opened with the first request, inside the running loop.

    Unless `allow_local`, requests go by https and to the public internet only: looked at is each address that is
    connected to, so that no name can lead elsewhere between the look and the connection, and a connection that is kept
    costs nothing more. `tls` says who is believed, by default `tls_context`. Proxies are those that the environment
    names; they must lie outside too, and where a name leads is then for them to say. `resolver` finds the addresses of
    names, by default as the system does.
    """

    def __init__(
        self, *, allow_local: bool, tls: "ssl.SSLContext | None" = None, resolver: "AbstractResolver | None" = None
    ) -> None:
        self._allow_local = allow_local
        self._tls = tls
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        longest_seconds: float,
        longest_reading_seconds: float | None = None,
        at_most: int,
    ) -> HttpAnswer:
        """See `HttpRequests.request`."""
        import aiohttp

        address = _address(url)
        if not self._allow_local and (fault := address_fault(url, local=False)):
            raise NotAllowed(f"the address {fault}")
        head: aiohttp.ClientResponse | None = None
        read = bytearray()
        try:
            async with (
                asyncio.timeout(longest_seconds),
                self._opened().request(method, address, headers=headers, data=body, allow_redirects=False) as response,
            ):
                if response.status < 200:  # another protocol was agreed on, which nobody had asked for
                    raise NoAnswer(f"status {response.status}")
                head = response
                async with asyncio.timeout(longest_reading_seconds):
                    async for piece in response.content.iter_any():
                        read += piece
                        if len(read) >= at_most:
                            break
        except aiohttp.InvalidURL as error:
            raise NotSendable(_named(error)) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError) as error:
            if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, LeadsInside):
                raise NotAllowed(f"{error.host} does not lead to the public internet") from error
            raise NotConnected(_named(error)) from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            if head is None:
                raise NoAnswer(_named(error)) from error
            return _answer(head, read, at_most=at_most, is_whole=False)
        return _answer(head, read, at_most=at_most, is_whole=True)

    async def aclose(self) -> None:
        """Closes all connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> "aiohttp.ClientSession":
        if self._session is None:
            from urllib.request import getproxies

            import aiohttp

            from shared.kept_connections import KeptConnections

            self._session = aiohttp.ClientSession(
                connector=KeptConnections(
                    tls=self._tls or tls_context(),
                    limit=_MOST_CONNECTIONS,
                    keepalive_timeout=_KEPT_OPEN_SECONDS,
                    open_socket=None if self._allow_local else socket_outside,
                    resolver=self._resolver,
                ),
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=_LONGEST_SILENCE_SECONDS,
                    sock_connect=_CONNECT_SECONDS,
                    sock_read=_LONGEST_SILENCE_SECONDS,
                ),
                # One client serves all operators: a cookie that one of them is given must never go out with another's.
                cookie_jar=aiohttp.DummyCookieJar(),
                # Decompressed by aiohttp, an encoding that it does not know costs the status.
                auto_decompress=False,
                # What "deflate" means was never agreed on.
                headers={"User-Agent": "utility-cloud-connector", "Accept-Encoding": "gzip"},
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
                max_headers=_MOST_HEADERS,
                middlewares=(_once,),
                # Looked up in a thread for each request, so only where there is something to find.
                trust_env=not getproxies().keys().isdisjoint({"http", "https"}),
            )
        return self._session


async def _once(request: "aiohttp.ClientRequest", handler: "ClientHandlerType") -> "aiohttp.ClientResponse":
    """Where a connection breaks, aiohttp asks by GET again by itself; but the log is to have each request."""
    import aiohttp

    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise NoAnswer(_named(error)) from error


def _address(url: str) -> "URL":
    """Where to send it. Raises NotSendable."""
    from yarl import URL

    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        host.encode("idna")
        if parts.scheme not in {"http", "https"} or not host:
            raise NotSendable("it starts with neither http:// nor https://, or names no host")
        return URL(quote(url, safe=_AS_IT_IS), encoded=True)
    except ValueError as error:
        raise NotSendable(_named(error)) from error


def _answer(head: "aiohttp.ClientResponse", read: bytearray, *, at_most: int, is_whole: bool) -> HttpAnswer:
    body = bytes(read)
    if head.headers.get("Content-Encoding", "").strip().lower() in {"gzip", "x-gzip"}:
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            body = unpacking.decompress(body, at_most)
        except zlib.error:
            body, is_whole = b"", False
        is_whole = is_whole and (unpacking.eof or len(body) == at_most)
    retry_after = head.headers.get("Retry-After")
    return HttpAnswer(status=head.status, body=body[:at_most], retry_after=retry_after, is_whole=is_whole)


def _named(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
