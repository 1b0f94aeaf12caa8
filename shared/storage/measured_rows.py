"""What is measured of an operator, from the ledger's indexes alone: rows are counted, nothing else is read."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime

from shared.all_of import all_of
from shared.delivery import DeliveryState
from shared.identifiers import OperatorHome
from shared.sessions import HeldFor

from .newest_first import instant_of
from .rows import Rows, range_below

_PAGE = 1_000
_STATE = "delivery-by-state"
# In the order of the keys, with nothing between the states of a stretch that could be many.
_STRETCHES = (
    (DeliveryState.BLOCKED, DeliveryState.BLOCKED),
    (DeliveryState.PENDING, DeliveryState.PENDING),
    (DeliveryState.RETRYING, DeliveryState.SENDING),
)


class MeasuredRows:
    """See `shared.measuring.Backlogs`. Four small queries for each of an operator's partitions."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def waiting(self, *, home: OperatorHome, most: int) -> dict[DeliveryState, list[datetime]]:
        """See `Backlogs.waiting`."""
        found: dict[DeliveryState, list[datetime]] = {}
        for keys in await all_of(
            self._keys(partition, range_below(_STATE, first)[0], range_below(_STATE, last)[1], most)
            for partition in home.partitions()
            for first, last in _STRETCHES
        ):
            for key in keys:
                _, state, created, _ = key.split("|", 3)
                found.setdefault(DeliveryState(state), []).append(instant_of(created, newest_first=True))
        return found

    async def held(self, *, home: OperatorHome, most: int) -> dict[HeldFor, int]:
        """See `Backlogs.held`."""
        first, before = range_below("held")
        parts = await all_of(self._keys(partition, first, before, most) for partition in home.partitions())
        return dict(Counter(HeldFor(key.split("|", 2)[1]) for keys in parts for key in keys))

    async def _keys(self, partition: str, first: str, before: str, most: int) -> list[str]:
        return [key async for key in self._each(partition, first, before, most)]

    async def _each(self, partition: str, first: str, before: str, most: int) -> AsyncIterator[str]:
        found = 0
        while found < most:
            page = await self._rows.query(partition=partition, first=first, before=before, limit=_PAGE)
            for row in page:
                yield row.key
            found += len(page)
            if len(page) < _PAGE:
                return
            first = page[-1].key + "!"
