"""An operator's sites and chargers as the pages show them."""

import asyncio
from dataclasses import dataclass

from functions.pages.visit import Visit
from shared.operators import Charger, SiteRow, listed_chargers, listed_sites, site_rows
from shared.wiring import wiring

MOST_SITES = 3000
MOST_CHARGERS = 5000


@dataclass(frozen=True, kw_only=True)
class Estate:
    """The tree row by row, and the chargers by where they stand. `is_cut`: there are more than are shown."""

    rows: list[SiteRow]
    chargers: dict[int | None, list[Charger]]
    is_cut: bool

    def chargers_at(self, site_id: int | None) -> list[Charger]:
        """Those at a site; None: those of which nobody knows where they stand."""
        return self.chargers.get(site_id, [])

    @property
    def elsewhere(self) -> list[Charger]:
        """The chargers that stand at no site, or at one that is not known."""
        known = {row.site.site_id for row in self.rows}
        return [each for site_id, found in self.chargers.items() if site_id not in known for each in found]

    def rows_with(self, wanted: str) -> list[SiteRow]:
        """The sites whose name, id or charger has `wanted` in it, with those above them."""
        text = wanted.casefold()
        shown: set[int] = set()
        way: list[SiteRow] = []
        for row in self.rows:
            way = [*way[: row.depth], row]
            site = row.site
            texts = [site.name, str(site.site_id), *(each.charger_id for each in self.chargers_at(site.site_id))]
            if any(text in each.casefold() for each in texts):
                shown |= {each.site.site_id for each in way}
        return [row for row in self.rows if row.site.site_id in shown]


async def estate_of(visit: Visit) -> Estate:
    """As stored now."""
    services = wiring()
    entries, chargers = await asyncio.gather(
        listed_sites(store=services.sites, gln=visit.gln, most=MOST_SITES + 1),
        listed_chargers(store=services.chargers, gln=visit.gln, most=MOST_CHARGERS + 1),
    )
    shown = entries[:MOST_SITES]
    sites = [version.document for entry in shown if (version := entry.in_force(visit.now)) is not None]
    by_site: dict[int | None, list[Charger]] = {}
    for charger in sorted(chargers[:MOST_CHARGERS], key=lambda each: each.charger_id.casefold()):
        by_site.setdefault(charger.site_id, []).append(charger)
    return Estate(
        rows=await site_rows(sites),
        chargers=by_site,
        is_cut=len(entries) > MOST_SITES or len(chargers) > MOST_CHARGERS,
    )
