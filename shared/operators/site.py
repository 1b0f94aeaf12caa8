"""Sites, and what they inherit from those above them."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

_DEEPEST = 50


class Access(StrEnum):
    """Who may charge at a site: every driver, or those who are placed there."""

    PUBLIC = "public"
    PRIVATE = "private"


@dataclass(frozen=True, kw_only=True)
class RevenueShare:
    """Whether a site's owner has a share, and under which id; enabled without an id is possible, and told."""

    enabled: bool
    revenue_share_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place with chargers, as one version has it. What is None comes from the nearest site above that sets it."""

    site_id: int
    name: str
    timezone: str | None = None
    parent_site_id: int | None = None
    access: Access | None = None
    tariff_id: str | None = None
    revenue_share: RevenueShare | None = None


async def site_path(site_id: int | None, *, lookup: Callable[[int], Awaitable[Site | None]]) -> tuple[Site, ...]:
    """The site, the one above it, and so on up to the root; empty if it is not known.

    A circle ends where it closes, and so does a path of more than 50 sites.
    """
    path: dict[int, Site] = {}
    while site_id is not None and site_id not in path and len(path) < _DEEPEST:
        site = await lookup(site_id)
        if site is None:
            break
        path[site_id] = site
        site_id = site.parent_site_id
    return tuple(path.values())


def inherited[T](path: Iterable[Site], pick: Callable[[Site], T | None]) -> T | None:
    """What the nearest site of the path says, itself first; None if none of them says anything."""
    return next((value for site in path if (value := pick(site)) is not None), None)


def inherited_access(path: Iterable[Site]) -> Access:
    """Who may charge there; a site of which nobody says that it is private is public."""
    return inherited(path, lambda site: site.access) or Access.PUBLIC


def inherited_tariff_id(path: Iterable[Site]) -> str | None:
    """The tariff that applies there, if a site says so."""
    return inherited(path, lambda site: site.tariff_id)


def inherited_revenue_share(path: Iterable[Site]) -> RevenueShare | None:
    """Who has a share of what is charged there; one that is not enabled ends what stands above."""
    return inherited(path, lambda site: site.revenue_share)
