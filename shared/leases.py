"""Timers can run twice at once, here and on another instance: a lease lets one of them go on."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.clock import Clock
from shared.faults import RowConflict, StorageUnavailable, Stored
from shared.identifiers import new_id

LASTS = timedelta(seconds=60)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Lease:
    """Who does something, and until when nobody else may."""

    holder: str
    until: datetime


class LeaseStore(Protocol):
    """Where leases are kept. Every call may raise StorageUnavailable."""

    async def find(self, *, name: str) -> Stored[Lease] | None:
        """The lease of this name, in one point read."""
        ...

    async def write(self, *, name: str, lease: Lease, version: str | None) -> str:
        """Writes over the one that has `version` (None: there must be none) and gives the new one.

        Raises RowConflict.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Leases:
    """Leases by name. Whoever holds one renews it as long as it works; whoever dies loses it after a minute."""

    store: LeaseStore
    clock: Clock
    lasts: timedelta = LASTS

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[bool]:
        """Whether the block is alone with `name` now; if not it should do nothing. Raises StorageUnavailable.

        It is a courtesy, not a guard: work that goes on while storage is away for a minute can meet another's. What
        must not happen twice is guarded by what is written.
        """
        holding = await self._take(name)
        if holding is None:
            yield False
            return
        renewing = asyncio.create_task(holding.renew(), name=f"renewing the lease of {name}")
        try:
            yield True
        finally:
            renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewing
            await holding.give_back()

    async def _take(self, name: str) -> "_Holding | None":
        now = self.clock.now()
        found = await self.store.find(name=name)
        if found is not None and found.value.until > now:
            return None
        lease = Lease(holder=new_id(), until=now + self.lasts)
        try:
            version = await self.store.write(name=name, lease=lease, version=found.version if found else None)
        except RowConflict:
            return None
        return _Holding(
            store=self.store, clock=self.clock, lasts=self.lasts, name=name, holder=lease.holder, version=version
        )


@dataclass(kw_only=True)
class _Holding:
    store: LeaseStore
    clock: Clock
    lasts: timedelta
    name: str
    holder: str
    version: str

    async def renew(self) -> None:
        while True:
            await asyncio.sleep(self.lasts.total_seconds() / 3)
            try:
                await self._write(until=self.clock.now() + self.lasts)
            except StorageUnavailable as error:
                _log.warning("the lease of %s is not renewed: %s", self.name, error)
            except RowConflict:
                _log.warning("the lease of %s was taken over", self.name)
                return

    async def give_back(self) -> None:
        with contextlib.suppress(RowConflict, StorageUnavailable):
            await self._write(until=self.clock.now())

    async def _write(self, *, until: datetime) -> None:
        lease = Lease(holder=self.holder, until=until)
        try:
            self.version = await self.store.write(name=self.name, lease=lease, version=self.version)
        except RowConflict:
            # A write whose answer got lost may have been ours.
            found = await self.store.find(name=self.name)
            if found is None or found.value.holder != self.holder:
                raise
            self.version = await self.store.write(name=self.name, lease=lease, version=found.version)
