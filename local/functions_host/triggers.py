"""What the host needs of a trigger that is not HTTP."""

from typing import Protocol

from local.functions_host.indexing import IndexedFunction


class Trigger(Protocol):
    """Listens from `start` to `stop`; both are called once, on the loop on which the handlers run."""

    function: IndexedFunction

    def start(self) -> None: ...

    async def stop(self, *, grace: float) -> None:
        """Takes nothing new, gives what runs `grace` seconds to finish, then cancels it."""

    async def run_now(self, *, given: str) -> None:
        """Runs the function once, outside its schedule or queue. A failure is in the log, not raised."""
