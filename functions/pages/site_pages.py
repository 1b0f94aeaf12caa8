"""The Sites tab: the tree with what applies where, and each site with its versions."""

from typing import Any

import azure.functions as func

from functions.pages import site_form
from functions.pages.ask import ask
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.site_csv import MOST_LISTED
from functions.pages.site_tree import Estate, estate_of
from functions.pages.visit import Done, Outcome, Shown, Visit
from functions.problems import NotFound, problem_of
from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import Entry, Site, StaleDocument, in_effect, path_in_force
from shared.wiring import wiring

blueprint = func.Blueprint()
ROUTE = "integrations/{gln}/sites"
_PLATFORM_FAILS = {409, 502, 503}


@page(blueprint, "GET", ROUTE, role=Role.READ)
async def sites_page(visit: Visit) -> Shown:
    """The tree, with chargers; and how taking sites over from the charging platform goes."""
    estate = await estate_of(visit)
    wanted = visit.query.get("q", "")
    missing = await ask(visit, "list_missing_revenue_shares", query={"limit": "50"})
    values = {
        "estate": estate,
        "rows": estate.rows_with(wanted) if wanted else estate.rows,
        "wanted": wanted,
        "platform": await ask(visit, "get_charging_platform"),
        "missing": missing,
        "most_exported": MOST_LISTED,
    }
    return Shown(template="sites.html", values=values)


@page(blueprint, "POST", ROUTE + "/take-over", role=Role.ADMIN)
async def take_over_page(visit: Visit) -> Outcome:
    """Takes the sites over from the charging platform, and shows what that did."""
    try:
        taken = await ask(visit, "take_over_sites_now")
    except Exception as error:
        problem = problem_of(error)
        if problem.status not in _PLATFORM_FAILS:
            raise
        said = f"!Nothing was taken over. {problem.title}: {problem.detail}"
        return Done(to=f"/integrations/{visit.gln}/sites", said=said)
    return Shown(template="sites_taken_over.html", values={"taken": taken})


@page(blueprint, "GET", ROUTE + "/new", role=Role.READ)
async def new_site_page(visit: Visit) -> Shown:
    """An empty form."""
    form = {**site_form.filled_in(None), "parentSiteId": visit.query.get("parent", "")}
    return Shown(template="new_site.html", values=await _form_values(visit, form))


@page(blueprint, "POST", ROUTE + "/new", role=Role.ADMIN)
async def add_site(visit: Visit) -> Outcome:
    """Puts a site that is not there yet, even if somebody adds it at the same time."""
    site_id = visit.form.get("siteId", "")
    form = site_form.typed(visit.form)
    try:
        _check_number(site_id)
        document = site_form.document_of(visit.form)
        await ask(visit, "put_site", path={"siteId": str(int(site_id))}, document=document, if_none_match=True)
    except DocumentRefused as refused:
        values = await _form_values(visit, form, faults=refused.faults)
        return Shown(template="new_site.html", values=values, status=422)
    except StaleDocument:
        taken = FieldFault(field="siteId", message="is there already: change it on its own page")
        values = await _form_values(visit, form, faults=[taken])
        there = next((site for site in values["every_site"] if site.site_id == int(site_id)), None)
        return Shown(template="new_site.html", values={**values, "there": there}, status=422)
    return Done(to=_address(visit, int(site_id)), said=f"Site {int(site_id)} was added. It applies to all time.")


@page(blueprint, "GET", ROUTE + "/{siteId}", role=Role.READ)
async def site_page(visit: Visit) -> Shown:
    """A site: what applies there and why, its chargers, its versions, and the form that makes the next one."""
    entry, site = await _stored(visit)
    return await _shown(visit, entry, site, form=site_form.filled_in(site))


@page(blueprint, "POST", ROUTE + "/{siteId}", role=Role.ADMIN)
async def save_site(visit: Visit) -> Outcome:
    """Puts a new version; nothing if somebody else has put one since the form was shown."""
    entry, site = await _stored(visit)
    form = site_form.typed(visit.form)
    try:
        document = site_form.document_of(visit.form)
        since = site_form.valid_from(visit.form, zone=visit.operator.zone)
        revision = visit.form.get("revision", "")
        put = await ask(
            visit,
            "put_site",
            path={"siteId": entry.entry_id},
            query={"validFrom": since},
            document=document,
            if_match=f'"{revision}"',
        )
    except DocumentRefused as refused:
        return await _shown(visit, entry, site, form=form, faults=refused.faults, status=422)
    except StaleDocument:
        return await _shown(visit, entry, site, form=form, is_stale=True, status=412)
    return Done(to=_address(visit, put["siteId"]), said=f"Site {put['siteId']} was saved. Lines that are written stay.")


def _check_number(site_id: str) -> None:
    if isinstance(site_form.whole(site_id), str):
        raise DocumentRefused(FieldFault(field="siteId", message="must be a whole number, not below zero"))


async def _stored(visit: Visit) -> tuple[Entry[Site], Site]:
    """The site as it is now: its entry, and what is in force; before its first version begins, that one."""
    text = visit.path["siteId"]
    stored = await wiring().sites.find(gln=visit.gln, entry_id=text)
    version = stored.value.in_force(visit.now) if stored else None
    if stored is None or version is None:
        raise NotFound(f"site {text}")
    return stored.value, version.document


async def _shown(
    visit: Visit,
    entry: Entry[Site],
    site: Site,
    *,
    form: dict[str, str],
    faults: Any = (),
    is_stale: bool = False,
    status: int = 200,
) -> Shown:
    path = await path_in_force(store=wiring().sites, gln=visit.gln, site_id=site.site_id, at=visit.now)
    estate = await estate_of(visit)
    values = await _form_values(visit, form, faults=faults, estate=estate) | {
        "entry": entry,
        "site": site,
        "path": path,
        "effect": in_effect(path or (site,)),
        "in_force": entry.in_force(visit.now),
        "stored_now": site_form.filled_in(site) if is_stale else None,
        "chargers": estate.chargers_at(site.site_id),
        "below": [row.site for row in estate.rows if row.site.parent_site_id == site.site_id],
        "now": visit.now,
    }
    return Shown(template="site.html", values=values, status=status)


async def _form_values(
    visit: Visit, form: dict[str, str], *, faults: Any = (), estate: Estate | None = None
) -> dict[str, Any]:
    """What the form needs beside what is in it."""
    tariffs = await ask(visit, "list_tariffs", query={"limit": "1000"})
    tariff_ids = {str(each["id"]) for each in tariffs["items"] if "id" in each} | {form["tariffId"]} - {""}
    estate = estate or await estate_of(visit)
    return {
        "form": form,
        "faults": list(faults),
        "tariff_ids": sorted(tariff_ids),
        "every_site": [row.site for row in estate.rows],
    }


def _address(visit: Visit, site_id: int) -> str:
    return f"/integrations/{visit.gln}/sites/{site_id}"
