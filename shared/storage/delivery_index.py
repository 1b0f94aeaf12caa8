"""Deliveries by their state and time, from the indexes: what is only counted is not read."""

from datetime import datetime

from shared.all_of import all_of
from shared.delivery import Delivery, DeliveryState
from shared.identifiers import OperatorHome

from .keys_by_kind import keys_by_kind
from .ledger_rows import DELIVERY, delivery_key
from .newest_first import instant_of, newest_first_rows
from .pointers import Pointers
from .rows import Rows

_STATE = "delivery-by-state"
_PAGE = 1000


class StoredDeliveryIndex:
    """See `shared.delivery.DeliveryIndex`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows
        self._pointers = Pointers(rows=rows)

    async def counts(self, *, home: OperatorHome, at_most: int) -> dict[DeliveryState, int]:
        """See `DeliveryIndex.counts`."""
        newest = await self.newest(home=home, at_most=at_most)
        return {state: len(created) for state, created in newest.items()}

    async def newest(self, *, home: OperatorHome, at_most: int) -> dict[DeliveryState, list[datetime]]:
        """See `DeliveryIndex.newest`."""
        parts = await all_of(
            keys_by_kind(self._rows, partition=partition, index=_STATE, most=at_most) for partition in home.partitions()
        )
        return {
            state: [_created_in(key) for key in sorted(key for part in parts for key in part.get(state, ()))[:at_most]]
            for state in DeliveryState
        }

    async def created(
        self, *, home: OperatorHome, state: DeliveryState, since: datetime | None, at_most: int
    ) -> list[datetime]:
        """See `DeliveryIndex.created`."""
        found: list[datetime] = []
        rows = newest_first_rows(self._rows, home=home, index=(_STATE, state), since=since, page=min(at_most, _PAGE))
        async for _, row in rows:
            found.append(_created_in(row.key))
            if len(found) == at_most:
                break
        return found

    async def ended(
        self, *, home: OperatorHome, since: datetime, until: datetime, limit: int, continuation: str | None
    ) -> tuple[list[Delivery], str | None]:
        """See `DeliveryIndex.ended`."""
        pointers, after = await self._pointers.page(
            home, ("line-by-end",), since=since, until=until, limit=limit, continuation=continuation
        )
        rows = await self._pointers.read_all(
            [
                (home.partition(each.session_id), delivery_key(each.session_id, each.transaction_id or ""))
                for each in pointers
            ]
        )
        return [DELIVERY.validate_json(row.text) for row in rows if row is not None], after


def _created_in(key: str) -> datetime:
    """The key is the index, the state, when it was created, and the line."""
    return instant_of(key.split("|", 3)[2], newest_first=True)
