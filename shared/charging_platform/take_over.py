"""Use case: an operator's sites, and the tree that they make, are taken over from the charging platform's list."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from shared.clock import Clock
from shared.faults import RowConflict, StorageUnavailable, Stored
from shared.identifiers import new_id
from shared.json_documents import print_json
from shared.logbook import Direction, Logbook, log_entry
from shared.operators import Entry, Operator, SecretUnavailable, Site, VersionStore

from .listed_site import SiteFault, listed_site, without_circles
from .platform import PAGE, ChargingPlatformApi, PlatformRefused, PlatformUnavailable
from .sweep import AllOperators
from .sweep_state import Trouble
from .taken_over import SiteChange, TakenOver, change_of, is_taken

MOST_PAGES = 200
_AT_ONCE = 8
_LISTED_AT_ONCE = 1000
_TRIES = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TakeOverState:
    """What was last seen of an operator's sites: which there were, what was not taken, what stood in the way."""

    taken_over_at: datetime | None = None
    site_ids: tuple[int, ...] = ()
    faults: tuple[str, ...] = ()
    trouble: Trouble | None = None


class TakeOverStates(Protocol):
    """Where that is kept. Everything raises StorageUnavailable."""

    async def find(self, *, gln: str) -> Stored[TakeOverState] | None:
        """The operator's, in one point read."""
        ...

    async def write(self, *, gln: str, state: TakeOverState, version: str | None) -> None:
        """Writes over the one that has `version`; None: there must be none yet. Raises RowConflict."""
        ...


@dataclass(frozen=True, kw_only=True)
class TakeOver:
    """Takes over sites. What the operator itself has put of a site goes before what is learned here."""

    operators: AllOperators
    platform: ChargingPlatformApi
    sites: VersionStore[Site]
    states: TakeOverStates
    logbook: Logbook
    clock: Clock
    changed: Callable[[str], Awaitable[None]]
    """Told the GLN of an operator whose sites have changed."""

    async def run(self) -> None:
        """For all operators that have said where; one operator's trouble stops no other's."""
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def take_over(operator: Operator) -> None:
            async with at_once:
                await self._run_for(operator)

        everyone = await self.operators.operators()
        asked = [each for each in everyone if each.charging_platform.sites_url and each.charging_platform.api_key]
        await asyncio.gather(*(take_over(operator) for operator in asked))

    async def take_over(self, operator: Operator) -> TakenOver:
        """For one operator, now. One log entry tells what is new, none if nothing is.

        Raises NotSetUp, PlatformRefused, PlatformUnavailable, SecretUnavailable, StorageUnavailable, and RowConflict if
        others keep writing the same; then nothing is lost, and it can be done again.
        """
        stored = await self.states.find(gln=operator.gln)
        before = stored.value if stored else TakeOverState()
        listed, faults = await self._listed(operator)
        entries = await self._entries(operator.gln)
        own = {
            int(entry.entry_id): version.document.parent_site_id
            for entry in entries.values()
            if not entry.is_learned and (version := entry.in_force(self.clock.now())) is not None
        }
        learned = {int(key): entry.learned.parent_site_id for key, entry in entries.items() if entry.learned}
        tree, circles = without_circles(listed, own=own, before=learned)
        faults += circles
        done = await self._write(operator, tree, entries)
        taken = TakenOver(
            sites=len(tree),
            changes=tuple(done),
            vanished=tuple(sorted(set(before.site_ids) - {site.site_id for site in tree})),
            refused=tuple(faults),
        )
        state = TakeOverState(
            taken_over_at=self.clock.now(),
            site_ids=tuple(sorted(site.site_id for site in tree)),
            faults=tuple(sorted(str(fault) for fault in faults)),
        )
        if done:
            await self.changed(operator.gln)
        is_news = bool(taken.added or taken.changed or taken.vanished or before.trouble)
        if is_news or state.faults != before.faults:
            details = print_json(taken.as_document())
            await self._tell(operator, "sites-taken-over", taken.in_words(), details=details)
        with contextlib.suppress(RowConflict):  # what another run has seen meanwhile is as good
            await self.states.write(gln=operator.gln, state=state, version=stored.version if stored else None)
        return taken

    async def _run_for(self, operator: Operator) -> None:
        try:
            await self.take_over(operator)
        except (PlatformRefused, PlatformUnavailable, SecretUnavailable) as error:
            await self._tell_of_trouble(operator, error)
        except StorageUnavailable as error:
            _log.warning(
                "taking over the sites of operator %s waits for the next time: %s",
                operator.gln,
                error,
                extra={"gln": operator.gln},
            )
        except RowConflict:
            _log.info(
                "the sites of operator %s were taken over by somebody else", operator.gln, extra={"gln": operator.gln}
            )
        except Exception:  # noqa: BLE001  whatever is wrong with this operator, the others are not to wait for it
            _log.exception("the sites of operator %s cannot be taken over", operator.gln, extra={"gln": operator.gln})

    async def _tell_of_trouble(self, operator: Operator, error: Exception) -> None:
        """Once, not each night."""
        try:
            stored = await self.states.find(gln=operator.gln)
            before = stored.value if stored else TakeOverState()
            if before.trouble is not None and before.trouble.explanation == str(error):
                return
            is_refused = isinstance(error, PlatformRefused)
            trouble = Trouble(is_refused=is_refused, explanation=str(error), since=self.clock.now())
            message = f"the sites could not be taken over from the charging platform: {error}"
            await self._tell(operator, "sites-not-taken-over", message)
            after = replace(before, trouble=trouble)
            await self.states.write(gln=operator.gln, state=after, version=stored.version if stored else None)
        except (StorageUnavailable, RowConflict) as also:
            _log.warning(
                "the sites of operator %s could not be taken over: %s; %s",
                operator.gln,
                type(error).__name__,
                also,
                extra={"gln": operator.gln},
            )

    async def _listed(self, operator: Operator) -> tuple[list[Site], list[SiteFault]]:
        """All of them or, by what it raises, none: half a list would make sites vanish."""
        sites: dict[int, Site] = {}
        faults: dict[SiteFault, None] = {}
        for number in range(1, MOST_PAGES + 1):
            page = await self.platform.sites(operator, page=number)
            for item in page.items:
                site, found = listed_site(item)
                faults.update(dict.fromkeys(found))
                if site is not None:
                    sites[site.site_id] = site
            if not page.has_next:
                return list(sites.values()), list(faults)
        raise PlatformUnavailable(f"its list of sites has more than {MOST_PAGES * PAGE}")

    async def _entries(self, gln: str) -> dict[str, Entry[Site]]:
        found: dict[str, Entry[Site]] = {}
        continuation: str | None = None
        while True:
            page = await self.sites.listed(gln=gln, limit=_LISTED_AT_ONCE, continuation=continuation)
            found.update({entry.entry_id: entry for entry in page.items})
            continuation = page.continuation
            if continuation is None:
                return found

    async def _write(self, operator: Operator, tree: list[Site], entries: dict[str, Entry[Site]]) -> list[SiteChange]:
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def write(site: Site) -> SiteChange:
            async with at_once:
                await self._write_one(operator.gln, site)
            return change_of(entries.get(str(site.site_id)), site)

        news = [site for site in tree if not is_taken(entries.get(str(site.site_id)), site)]
        return await asyncio.gather(*(write(site) for site in sorted(news, key=lambda site: site.site_id)))

    async def _write_one(self, gln: str, site: Site) -> None:
        for _ in range(_TRIES):
            stored = await self.sites.find(gln=gln, entry_id=str(site.site_id))
            now = self.clock.now()
            held = stored.value if stored else Entry[Site](entry_id=str(site.site_id), created_at=now, revision="")
            if is_taken(held, site):
                return  # another instance was quicker
            entry = replace(held, learned=site, is_taken_over=True, revision=new_id())
            version = stored.version if stored else None
            try:
                await self.sites.write(gln=gln, entry=entry, changed=None, version=version, now=now)
            except RowConflict:
                continue
            return
        raise RowConflict(partition=gln)

    async def _tell(self, operator: Operator, action: str, message: str, *, details: str | None = None) -> None:
        entry = log_entry(
            at=self.clock.now(),
            direction=Direction.OUT,
            endpoint=str(operator.charging_platform.sites_url),
            action=action,
            message=message,
            payload=details,
        )
        await self.logbook.write(home=operator.home, entry=entry)
