"""Rows whose versions are only known now, while what is done with them was recorded before."""

from collections.abc import Sequence
from dataclasses import replace

from shared.storage.azure_rows import AzureRows
from shared.storage.rows import Change, Delete, Replace, Upsert


class ReplayedRows:
    """One table. A change that names a version gets the one that this process saw last.

    Through the adapter of the function app: the SDK's own encoding of a transaction takes longer than the service for
    the work, and would make a floor that is easily fallen below.
    """

    def __init__(self, rows: AzureRows) -> None:
        self._rows = rows
        self._versions: dict[tuple[str, str], str] = {}

    async def read(self, *, partition: str, key: str) -> bool:
        """One point read: whether the row is there."""
        row = await self._rows.read(partition=partition, key=key)
        if row is not None:
            self._versions[partition, key] = row.version
        return row is not None

    async def query(self, *, partition: str, first: str, before: str, limit: int | None) -> None:
        """One range."""
        for row in await self._rows.query(partition=partition, first=first, before=before, limit=limit):
            self._versions[partition, row.key] = row.version

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> None:
        """One transaction, or one operation where there is one change."""
        written = await self._rows.commit(
            partition=partition, changes=[self._as_it_is_now(partition, change) for change in changes]
        )
        self._versions |= {(partition, key): version for key, version in written.items()}

    async def fill(self, *, partition: str, texts: dict[str, str]) -> None:
        """Puts rows in place."""
        await self.commit(partition=partition, changes=[Upsert(key=key, text=text) for key, text in texts.items()])

    def _as_it_is_now(self, partition: str, change: Change) -> Change:
        if isinstance(change, Replace) or (isinstance(change, Delete) and change.version is not None):
            return replace(change, version=self._versions[partition, change.key])
        return change
