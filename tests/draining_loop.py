"""A loop that lets what it has begun to close be closed before it ends itself."""

import asyncio
import time
from typing import Any

_MOST_SECONDS = 5.0


class DrainingLoop(asyncio.SelectorEventLoop):
    """A connection over TLS closes only when the other side has answered, which is after its client was closed.

    A loop that ends before that leaves it to the collector, and whichever test runs then is blamed for it.
    """

    def close(self) -> None:
        """Waits for what is closing, a few seconds at most: what nobody closes is a fault, and stays one."""
        deadline = time.monotonic() + _MOST_SECONDS
        while not self.is_closed() and self._closing() and time.monotonic() < deadline:
            self.run_until_complete(asyncio.sleep(0.005))
        super().close()

    def _closing(self) -> bool:
        # asyncio keeps its transports by descriptor; one that has ended has let go of its socket.
        held: Any = self
        return any(each.is_closing() and each._sock is not None for each in list(held._transports.values()))
