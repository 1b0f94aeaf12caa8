"""What a use case stands on while it only says what it would do: everything is read as ever, nothing is written."""

from collections.abc import AsyncIterator

from shared.drivers import Driver, Drivers, TagClaims
from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.logbook import Logbook, LogEntry, LogQuery
from shared.operators import Operator


class DriversAsTheyAre:
    """See `shared.drivers.Drivers`."""

    def __init__(self, drivers: Drivers) -> None:
        self._drivers = drivers

    async def driver(self, *, home: OperatorHome, external_id: str) -> Stored[Driver] | None:
        """Read."""
        return await self._drivers.driver(home=home, external_id=external_id)

    async def claims(self, *, home: OperatorHome, tag: str) -> Stored[TagClaims] | None:
        """Read."""
        return await self._drivers.claims(home=home, tag=tag)

    async def record(
        self, *, home: OperatorHome, before: Stored[Driver] | None, driver: Driver, entry: LogEntry
    ) -> None:
        """Not written."""

    async def record_claims(
        self, *, home: OperatorHome, tag: str, before: Stored[TagClaims] | None, claims: TagClaims
    ) -> None:
        """Not written."""


class LogbookAsItIs:
    """See `shared.logbook.Logbook`."""

    def __init__(self, logbook: Logbook) -> None:
        self._logbook = logbook

    async def write(self, *, home: OperatorHome, entry: LogEntry) -> None:
        """Not written."""

    def newest_first(
        self, *, home: OperatorHome, query: LogQuery, continuation: str | None
    ) -> AsyncIterator[tuple[str, LogEntry]]:
        """Read."""
        return self._logbook.newest_first(home=home, query=query, continuation=continuation)


class NobodyWaits:
    """See `shared.contracts.provisioning.HeldSessions`."""

    async def settle_held_for_tag(self, *, operator: Operator, tag: str) -> None:
        """Not settled."""
