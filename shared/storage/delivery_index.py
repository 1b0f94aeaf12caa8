"""Deliveries by their state and time, from the indexes: what is only counted is not read."""

from datetime import datetime

from shared.all_of import all_of
from shared.delivery import Delivery, DeliveryState
from shared.identifiers import OperatorHome

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
        states = tuple(DeliveryState)
        found = await all_of(self.created(home=home, state=state, since=None, at_most=at_most) for state in states)
        return {state: len(created) for state, created in zip(states, found, strict=True)}

    async def created(
        self, *, home: OperatorHome, state: DeliveryState, since: datetime | None, at_most: int
    ) -> list[datetime]:
        """See `DeliveryIndex.created`."""
        found: list[datetime] = []
        rows = newest_first_rows(self._rows, home=home, index=(_STATE, state), since=since, page=min(at_most, _PAGE))
        async for _, row in rows:
            # The key is the index, the state, when it was created, and the line.
            found.append(instant_of(row.key.split("|", 3)[2], newest_first=True))
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
