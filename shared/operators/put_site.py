"""Use case: a site is put, as a new version."""

from collections.abc import Callable
from datetime import datetime

from shared.json_documents import DocumentRefused, FieldFault

from .documents import SiteDocument
from .register import Put, VersionStore, put_version
from .site import RevenueShare, Site, site_path


async def put_site(
    *,
    gln: str,
    site_id: int,
    document: SiteDocument,
    valid_from: datetime | None,
    store: VersionStore[Site],
    now: datetime,
    matches: Callable[[str | None], bool],
) -> Put[Site]:
    """See `put_version`. Raises DocumentRefused when the site above is not known, or lies below this one."""
    if document.site_id not in {None, site_id}:
        raise DocumentRefused(FieldFault(field="siteId", message="must be the one in the path"))
    if document.parent_site_id is not None:
        await _check_above(gln, site_id, document.parent_site_id, store, at=valid_from or now)
    return await put_version(
        store=store,
        gln=gln,
        entry_id=str(site_id),
        document=site_of(site_id, document),
        valid_from=valid_from,
        now=now,
        matches=matches,
    )


def site_of(site_id: int, document: SiteDocument) -> Site:
    """The site that a document describes."""
    share = document.revenue_share
    return Site(
        site_id=site_id,
        name=document.name,
        timezone=document.timezone,
        parent_site_id=document.parent_site_id,
        access=document.access,
        tariff_id=document.tariff_id,
        revenue_share=RevenueShare(enabled=share.enabled, revenue_share_id=share.revenue_share_id) if share else None,
    )


async def _check_above(gln: str, site_id: int, parent: int, store: VersionStore[Site], *, at: datetime) -> None:
    async def lookup(above: int) -> Site | None:
        stored = await store.find(gln=gln, entry_id=str(above))
        version = stored.value.in_force(at) if stored else None
        return version.document if version else None

    path = () if parent == site_id else await site_path(parent, lookup=lookup)
    if parent == site_id or any(site.site_id == site_id for site in path):
        raise DocumentRefused(FieldFault(field="parentSiteId", message=f"site {parent} lies below this one"))
    if not path:
        raise DocumentRefused(FieldFault(field="parentSiteId", message=f"there is no site {parent}"))
