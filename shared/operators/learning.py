"""Use case: chargers and their sites become known from what the charging platform tells."""

from dataclasses import dataclass, replace

from shared.clock import Clock
from shared.faults import RowConflict
from shared.identifiers import new_id

from .charger import Charger, ChargerFacts
from .directory import Directory
from .fields import id_fault
from .register import VersionStore
from .site import Site
from .stores import ChargerStore
from .versions import Entry

_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class Learning:
    """Remembers what is new; what is known already costs a look into the cache."""

    directory: Directory
    chargers: ChargerStore
    sites: VersionStore[Site]
    clock: Clock

    async def learn_charger(
        self, *, gln: str, charger_id: str, site_id: int | None, external_site_id: str | None = None
    ) -> None:
        """A charger was heard of, at this site if `site_id` is given; `external_site_id` is what it is called then.

        What the operator itself has put is not touched, and a charger id that no charger can be put under is not
        remembered. Raises StorageUnavailable, and RowConflict if others keep writing the same.
        """
        if id_fault(charger_id):
            return
        if site_id is not None and not _knows_site(await self.directory.site(gln, site_id), external_site_id):
            await self._write_site(gln, site_id, external_site_id)
            self.directory.forget_one(gln, str(site_id))
        if not _knows_charger(await self.directory.charger(gln, charger_id), site_id):
            await self._write_charger(gln, charger_id, site_id)
            self.directory.forget_one(gln, charger_id)

    async def _write_charger(self, gln: str, charger_id: str, site_id: int | None) -> None:
        for _ in range(_TRIES):
            stored = await self.chargers.find(gln=gln, charger_id=charger_id)
            if stored is not None and _knows_charger(stored.value, site_id):
                return  # another instance was quicker
            now = self.clock.now()
            held = stored.value if stored else Charger(charger_id=charger_id, created_at=now, revision="")
            learned = replace(held, learned=ChargerFacts(site_id=site_id), revision=new_id())
            try:
                await self.chargers.write(gln=gln, charger=learned, version=stored.version if stored else None)
            except RowConflict:
                continue
            return
        raise RowConflict(partition=gln)

    async def _write_site(self, gln: str, site_id: int, external_site_id: str | None) -> None:
        for _ in range(_TRIES):
            stored = await self.sites.find(gln=gln, entry_id=str(site_id))
            if stored is not None and _knows_site(stored.value, external_site_id):
                return  # as above
            now = self.clock.now()
            held = stored.value if stored else Entry[Site](entry_id=str(site_id), created_at=now, revision="")
            site = Site(site_id=site_id, name=external_site_id or f"Site {site_id}")
            entry = replace(held, learned=site, revision=new_id())
            version = stored.version if stored else None
            try:
                await self.sites.write(gln=gln, entry=entry, changed=None, version=version, now=now)
            except RowConflict:
                continue
            return
        raise RowConflict(partition=gln)


def _knows_charger(charger: Charger | None, site_id: int | None) -> bool:
    return charger is not None and charger.learned is not None and site_id in {None, charger.learned.site_id}


def _knows_site(entry: Entry[Site] | None, external_site_id: str | None) -> bool:
    """What was put, or taken over from the platform's list, says more than what is told in passing."""
    if entry is None or not entry.is_learned or entry.is_taken_over:
        return entry is not None
    return entry.learned is not None and external_site_id in {None, entry.learned.name}
