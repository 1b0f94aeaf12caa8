"""Whether a server is there, without asking it for anything."""

import asyncio
import socket
from urllib.parse import urlsplit

from shared.addresses import LeadsInside, address_fault, socket_outside
from shared.tls import tls_context

_LONGEST_SECONDS = 10


class NotReached(Exception):
    """A server is not there, or not the one that it says. `because` says why in words."""

    def __init__(self, *, because: str) -> None:
        super().__init__(because)
        self.because = because


async def reach(url: str, *, allow_local: bool) -> str:
    """Resolves the name and connects, with TLS where the address has it, and says so. Unless `allow_local`, only to the
    public internet, as requests go. Raises NotReached.
    """
    if not allow_local and (fault := address_fault(url, local=False)):
        raise NotReached(because=f"no connection to {url}: the address {fault}")
    try:
        parts = urlsplit(url)
        host, is_secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if is_secure else 80)
        async with asyncio.timeout(_LONGEST_SECONDS):
            connected = await _connected(host, port, allow_local=allow_local)
            _, writer = await asyncio.open_connection(
                sock=connected,
                ssl=tls_context() if is_secure else None,
                server_hostname=host if is_secure else None,
            )
            writer.close()
            await writer.wait_closed()
    except TimeoutError:
        raise NotReached(because=f"{url} does not answer within {_LONGEST_SECONDS} s") from None
    except LeadsInside as error:
        raise NotReached(because=f"no connection to {url}: {error}") from error
    except (OSError, ValueError) as error:
        raise NotReached(because=f"no connection to {url}: {type(error).__name__} {error}") from error
    return f"{parts.hostname} resolves and takes {'TLS ' if is_secure else ''}connections on port {port}"


async def _connected(host: str, port: int, *, allow_local: bool) -> socket.socket:
    """A connection to one of the addresses of a name. Raises OSError, LeadsInside."""
    from aiohappyeyeballs import start_connection

    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return await start_connection(found, socket_factory=None if allow_local else socket_outside)
