"""Leases, a row each, in a partition of their own of the table `configuration`."""

from shared.faults import Stored
from shared.leases import Lease

from .rows import Rows, key_of
from .stored_json import Codec, written

_PARTITION = "leases"


class LeaseRows:
    """See `shared.leases.LeaseStore`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows
        self._codec: Codec[Lease] = Codec(Lease)

    async def find(self, *, name: str) -> Stored[Lease] | None:
        """See `LeaseStore.find`."""
        return self._codec.stored(await self._rows.read(partition=_PARTITION, key=key_of("lease", name)))

    async def write(self, *, name: str, lease: Lease, version: str | None) -> str:
        """See `LeaseStore.write`."""
        key = key_of("lease", name)
        change = written(key=key, text=self._codec.text(lease), version=version)
        return (await self._rows.commit(partition=_PARTITION, changes=[change]))[key]
