"""The sites that the charging platform has of an operator, as somebody has set them up."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from local.sandbox.known_session import KnownSession


class KnownSite(BaseModel):
    """A site as the platform stores it. Nothing keeps it from lying below itself: a test may want that."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: int = Field(ge=0)
    name: str | None
    timezone: str | None = "Europe/Oslo"
    parent_site_id: int | None = Field(default=None, alias="parentSiteId")
    external_id: str | None = Field(default=None, alias="externalId")


class SitesOrder(BaseModel):
    """All sites of an operator, in the place of those before."""

    model_config = ConfigDict(extra="forbid", strict=True)

    gln: str
    sites: list[KnownSite]


def sites_of(sessions: Sequence[KnownSession]) -> list[KnownSite]:
    """The sites that an operator has for whom nobody has set any up: those of its sessions."""
    known = {session.site_id for session in sessions}
    return [KnownSite(id=site, name=f"Site {site}") for site in sorted(site for site in known if site is not None)]


def shown_sites(sites: Sequence[KnownSite]) -> list[dict[str, Any]]:
    """As the platform's list shows them."""
    by_id = {site.id: site for site in sites}
    return [
        {
            "id": site.id,
            "name": site.name,
            "externalId": site.external_id,
            "timezone": site.timezone,
            "parentSiteId": site.parent_site_id,
            "sitePath": [{"siteId": each.id, "siteName": each.name} for each in _path(site, by_id)],
            "tariffReferences": [],
        }
        for site in sites
    ]


def _path(site: KnownSite, by_id: Mapping[int, KnownSite]) -> list[KnownSite]:
    """From the root down to the site."""
    path = {site.id: site}
    while (above := by_id.get(site.parent_site_id if site.parent_site_id is not None else -1)) is not None:
        if above.id in path:
            break
        path[above.id] = site = above
    return list(reversed(path.values()))
