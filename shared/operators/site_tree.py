"""The sites of an operator as a tree, each with what it says itself and what it has from above."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .charger import Charger
from .register import VersionStore
from .site import Access, RevenueShare, Site, site_path
from .stores import ChargerStore
from .versions import Entry

_A_PAGE = 1000
_DEEPEST = 50


@dataclass(frozen=True, kw_only=True)
class Applies[T]:
    """What applies at a site, and the site that says so; `said_by` None: none on the way up says anything."""

    value: T
    said_by: Site | None


@dataclass(frozen=True, kw_only=True)
class SiteInEffect:
    """A site, and what applies there."""

    site: Site
    access: Applies[Access]
    tariff_id: Applies[str | None]
    revenue_share: Applies[RevenueShare | None]


@dataclass(frozen=True, kw_only=True)
class SiteRow:
    """A site in its place in the tree: it lies below the last row before it that has a smaller `depth`."""

    depth: int
    effect: SiteInEffect

    @property
    def site(self) -> Site:
        """The site itself."""
        return self.effect.site


def in_effect(path: Sequence[Site]) -> SiteInEffect:
    """What applies at the first site of a path, which is not empty."""
    access = next((site for site in path if site.access is not None), None)
    tariff = next((site for site in path if site.tariff_id is not None), None)
    share = next((site for site in path if site.revenue_share is not None), None)
    return SiteInEffect(
        site=path[0],
        access=Applies(value=(access.access if access else None) or Access.PUBLIC, said_by=access),
        tariff_id=Applies(value=tariff.tariff_id if tariff else None, said_by=tariff),
        revenue_share=Applies(value=share.revenue_share if share else None, said_by=share),
    )


async def site_rows(sites: Iterable[Site]) -> list[SiteRow]:
    """The sites as a tree, row by row, each level by name.

    Every site is there once: one whose site above is not among them, that has 50 levels above it, or that lies in a
    circle begins a tree of its own.
    """
    known = {site.site_id: site for site in sites}
    below: dict[int, list[Site]] = {}
    for site in known.values():
        if site.parent_site_id in known:
            below.setdefault(site.parent_site_id, []).append(site)
    ordered = sorted(known.values(), key=_by_name)
    roots = [site for site in ordered if site.parent_site_id not in known]
    rows: list[SiteRow] = []
    seen: set[int] = set()
    for root in [*roots, *ordered]:  # what the first do not lead to lies in circles, or too deep
        waiting = [(0, root)]
        while waiting:
            depth, site = waiting.pop()
            if site.site_id in seen or depth == _DEEPEST:
                continue
            seen.add(site.site_id)
            rows.append(SiteRow(depth=depth, effect=in_effect(await _path(site, known))))
            lower = sorted(below.get(site.site_id, ()), key=_by_name, reverse=True)
            waiting += [(depth + 1, each) for each in lower]
    return rows


async def path_in_force(*, store: VersionStore[Site], gln: str, site_id: int, at: datetime) -> tuple[Site, ...]:
    """The site as stored and in force at `at`, the one above it, and so on; empty if it is not known."""

    async def lookup(above: int) -> Site | None:
        stored = await store.find(gln=gln, entry_id=str(above))
        version = stored.value.in_force(at) if stored else None
        return version.document if version else None

    return await site_path(site_id, lookup=lookup)


async def listed_sites(*, store: VersionStore[Site], gln: str, most: int) -> list[Entry[Site]]:
    """The operator's sites, newest first, at most `most`: ranges of one partition, a thousand at a time."""
    found: list[Entry[Site]] = []
    continuation: str | None = None
    while len(found) < most:
        page = await store.listed(gln=gln, limit=min(_A_PAGE, most - len(found)), continuation=continuation)
        found += page.items
        continuation = page.continuation
        if continuation is None:
            break
    return found


async def listed_chargers(*, store: ChargerStore, gln: str, most: int) -> list[Charger]:
    """The same for its chargers."""
    found: list[Charger] = []
    continuation: str | None = None
    while len(found) < most:
        page = await store.listed(gln=gln, limit=min(_A_PAGE, most - len(found)), continuation=continuation)
        found += page.items
        continuation = page.continuation
        if continuation is None:
            break
    return found


async def _path(site: Site, known: dict[int, Site]) -> tuple[Site, ...]:
    async def lookup(site_id: int) -> Site | None:
        return known.get(site_id)

    return await site_path(site.site_id, lookup=lookup)


def _by_name(site: Site) -> tuple[str, int]:
    return site.name.casefold(), site.site_id
