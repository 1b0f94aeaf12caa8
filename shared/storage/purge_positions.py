"""How far the walks have come by which old things are found: a row in each partition."""

from .adapter import Adapter
from .rows import Rows, Upsert, key_of

_POSITIONS: Adapter[dict[str, str]] = Adapter(dict[str, str])
_KEY = key_of("purge-positions")


class StoredPositions:
    """See `shared.retention.Positions`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def positions(self, *, partition: str) -> dict[str, str]:
        """See `Positions.positions`."""
        row = await self._rows.read(partition=partition, key=_KEY)
        return _POSITIONS.validate_json(row.text) if row else {}

    async def keep_positions(self, *, partition: str, positions: dict[str, str]) -> None:
        """See `Positions.keep_positions`."""
        change = Upsert(key=_KEY, text=_POSITIONS.dump_json(positions).decode())
        await self._rows.commit(partition=partition, changes=[change])
