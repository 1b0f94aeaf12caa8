"""Whether a server is there, without asking it for anything."""

import asyncio
from urllib.parse import urlsplit

from shared.tls import tls_context

_LONGEST_SECONDS = 10


class NotReached(Exception):
    """A server is not there, or not the one that it says. `because` says why in words."""

    def __init__(self, *, because: str) -> None:
        super().__init__(because)
        self.because = because


async def reach(url: str) -> str:
    """Resolves the name and connects, with TLS where the address has it, and says so. Raises NotReached."""
    try:
        parts = urlsplit(url)
        is_secure = parts.scheme == "https"
        port = parts.port or (443 if is_secure else 80)
        async with asyncio.timeout(_LONGEST_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls_context() if is_secure else None)
            writer.close()
            await writer.wait_closed()
    except TimeoutError:
        raise NotReached(because=f"{url} does not answer within {_LONGEST_SECONDS} s") from None
    except (OSError, ValueError) as error:
        raise NotReached(because=f"no connection to {url}: {type(error).__name__} {error}") from error
    return f"{parts.hostname} resolves and takes {'TLS ' if is_secure else ''}connections on port {port}"
