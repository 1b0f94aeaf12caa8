"""Blockades, a row for each operator that ever had one, in one partition of the table `configuration`.

One partition for all: what each process looks at every few seconds is then one small query, however many operators.
"""

from shared.delivery import Blockade
from shared.faults import Stored

from .rows import Rows, key_of, range_below
from .stored_json import Codec, written

_PARTITION = "blockades"
_BLOCKADE = "blockade"


class BlockadeRows:
    """See `shared.delivery.BlockadeStore`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows
        self._codec: Codec[Blockade] = Codec(Blockade)

    async def every(self) -> dict[str, Stored[Blockade]]:
        """See `BlockadeStore.every`."""
        first, before = range_below(_BLOCKADE)
        rows = await self._rows.query(partition=_PARTITION, first=first, before=before)
        found = [Stored(value=self._codec.value(row.text), version=row.version) for row in rows]
        return {each.value.gln: each for each in found}

    async def find(self, *, gln: str) -> Stored[Blockade] | None:
        """See `BlockadeStore.find`."""
        return self._codec.stored(await self._rows.read(partition=_PARTITION, key=key_of(_BLOCKADE, gln)))

    async def write(self, blockade: Blockade, *, version: str | None) -> Stored[Blockade]:
        """See `BlockadeStore.write`."""
        key = key_of(_BLOCKADE, blockade.gln)
        change = written(key=key, text=self._codec.text(blockade), version=version)
        versions = await self._rows.commit(partition=_PARTITION, changes=[change])
        return Stored(value=blockade, version=versions[key])
