"""Sites of an operator."""

import re
from typing import Any

import azure.functions as func

from functions.call import Answer, Call
from functions.etags import etag, matches
from functions.http_endpoint import endpoint
from functions.lists import AtQuery, PageQuery, ValidFromQuery
from functions.problems import NotFound
from functions.settings_log import log_settings_change
from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import Changed, Entry, Listed, Scope, Site, SiteDocument, SiteVersion, Version, changes_between
from shared.operators import put_site as carry_out
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "api/v1/operators/{gln}/sites"


@endpoint(
    blueprint,
    "PUT",
    _ROUTE + "/{siteId}",
    scope=Scope.OPERATOR_ADMIN,
    body=SiteDocument,
    query=ValidFromQuery,
    answers={200: SiteVersion, 201: SiteVersion},
    summary="A new version of a site: the first applies to all time, later ones from now or from validFrom",
)
async def put_site(call: Call, body: SiteDocument) -> Answer:
    services = wiring()
    put = await carry_out(
        gln=call.gln,
        site_id=_site_id(call),
        document=body,
        valid_from=call.query.validFrom,
        store=services.sites,
        now=call.received_at,
        matches=matches(call),
    )
    await services.configuration_changed(call.gln)
    changed = Changed(
        subject=f"site {put.version.document.site_id}",
        reference=f"site-{put.version.document.site_id}",
        created=put.created,
        changes=changes_between(put.before, put.version.document),
    )
    await log_settings_change(call, changed, home=call.operator.home, route=_ROUTE)
    document = _shown(put.entry, put.version)
    return Answer(status=201 if put.created else 200, document=document, headers=etag(put.entry.revision))


@endpoint(
    blueprint,
    "GET",
    _ROUTE + "/{siteId}",
    scope=Scope.OPERATOR_ADMIN,
    query=AtQuery,
    answers={200: SiteVersion},
    summary="A site as it is in force",
)
async def get_site(call: Call) -> Answer:
    site_id = _site_id(call)
    stored = await wiring().sites.find(gln=call.gln, entry_id=str(site_id))
    version = stored.value.in_force(call.query.at or call.received_at) if stored else None
    if stored is None or version is None:
        raise NotFound(f"site {site_id}")
    return Answer(document=_shown(stored.value, version), headers=etag(stored.value.revision))


@endpoint(
    blueprint,
    "GET",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    query=PageQuery,
    answers={200: Listed[SiteVersion]},
    summary="The operator's sites as they are in force, those that were only heard of too",
)
async def list_sites(call: Call) -> Answer:
    page = await wiring().sites.listed(gln=call.gln, limit=call.query.limit, continuation=call.query.continuation)
    shown = [
        _shown(entry, version) for entry in page.items if (version := entry.in_force(call.received_at)) is not None
    ]
    return Answer(document={"items": shown, "continuation": page.continuation})


def _site_id(call: Call) -> int:
    text = call.path["siteId"]
    if re.fullmatch(r"0|[1-9][0-9]{0,14}", text) is None:
        raise DocumentRefused(FieldFault(field="siteId", message="must be a whole number, not below zero"))
    return int(text)


def _shown(entry: Entry[Site], version: Version[Site]) -> dict[str, Any]:
    site = version.document
    share = site.revenue_share
    return {
        "siteId": site.site_id,
        "name": site.name,
        "timezone": site.timezone,
        "parentSiteId": site.parent_site_id,
        "access": site.access,
        "tariffId": site.tariff_id,
        "revenueShare": {"enabled": share.enabled, "revenueShareId": share.revenue_share_id} if share else None,
        "validFrom": version.valid_from,
        "learned": entry.is_learned,
    }
