"""A site as the platform's list has it, and the tree that its sites make. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from shared.operators import Site, SiteDocument

_LARGEST_ID = 10**15 - 1


@dataclass(frozen=True, kw_only=True)
class SiteFault:
    """What of the list was not taken, and why. `site_id` None: of an item that has no readable id."""

    site_id: int | None
    fault: str

    def __str__(self) -> str:
        return f"{f'site {self.site_id}' if self.site_id is not None else 'an item'}: {self.fault}"


def listed_site(item: Any) -> tuple[Site | None, list[SiteFault]]:
    """The site in an item, without what of it cannot be taken; None if it has no id."""
    site_id = _site_id(item.get("id")) if isinstance(item, Mapping) else None
    if site_id is None:
        return None, [SiteFault(site_id=None, fault="id must be a whole number, not below zero")]
    said = {name: item.get(name) for name in ("name", "timezone", "parentSiteId")}
    said["timezone"] = said["timezone"] or None
    above = _site_id(said["parentSiteId"])
    said["parentSiteId"] = above if above is not None else said["parentSiteId"]
    faults = []
    for name, fault in _faults(said).items():
        faults.append(SiteFault(site_id=site_id, fault=f"{name}: {fault}"))
        said[name] = f"Site {site_id}" if name == "name" else None
    document = SiteDocument.model_validate(said)
    site = Site(
        site_id=site_id,
        name=document.name,
        timezone=document.timezone,
        parent_site_id=document.parent_site_id,
    )
    return site, faults


def without_circles(
    listed: Iterable[Site], *, own: Mapping[int, int | None], before: Mapping[int, int | None]
) -> tuple[list[Site], list[SiteFault]]:
    """The sites as a tree. `own` are the parents of those that the operator has put itself, which stand, `before` those
    that were learned earlier.

    A site that would lie below itself keeps the parent that it had, if that is none of the circle's doing, else it has
    none: that it lies in a private site, or by which tariff it is charged, must not change by a slip.
    """
    sites = {site.site_id: site for site in listed}
    parents = {site_id: site.parent_site_id for site_id, site in sites.items()}
    # Twice: with what they had before the sites of a circle may make another one.
    faults: dict[int, SiteFault] = {}
    for instead in (before, dict[int, int | None]()):
        for site_id in _in_circles({**before, **parents, **own}):
            if site_id not in sites or site_id in own:
                continue
            fault = f"parentSiteId {sites[site_id].parent_site_id} would make it lie below itself"
            faults.setdefault(site_id, SiteFault(site_id=site_id, fault=fault))
            parents[site_id] = instead.get(site_id)
    tree = [replace(site, parent_site_id=parents[site_id]) for site_id, site in sites.items()]
    return tree, list(faults.values())


def _in_circles(parents: Mapping[int, int | None]) -> list[int]:
    """The sites that lie below themselves; not those that lie below such a site."""
    state: dict[int, bool] = {}
    circles: list[int] = []
    for start in parents:
        path: dict[int, None] = {}
        site: int | None = start
        while site is not None and site in parents and site not in state and site not in path:
            path[site] = None
            site = parents[site]
        if site in path:
            steps = list(path)
            circles += steps[steps.index(site) :]
        state.update(dict.fromkeys(path, True))
    return circles


def _site_id(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:
        value = int(value)
    is_id = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_ID
    return value if is_id else None  # type: ignore[return-value]  # it is an int


def _faults(said: Mapping[str, Any]) -> dict[str, str]:
    try:
        SiteDocument.model_validate(said)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        return {str(fault["loc"][0]): fault["msg"].removeprefix("Value error, ") for fault in faults}
    return {}
