"""Sites as a CSV file: all of them out; in with a preview first, and nothing changed until it is confirmed."""

import base64
import binascii
from itertools import batched
from typing import Any

import azure.functions as func

from functions.call import Call
from functions.pages.ask import ask
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.site_import_progress import ImportProgress
from functions.pages.visit import Done, Download, Outcome, Shown, Visit
from functions.settings_log import log_settings_change
from shared.all_of import all_of
from shared.operators import (
    Changed,
    ImportPlan,
    Put,
    SheetUnreadable,
    Site,
    changes_between,
    import_sites,
    listed_sites,
    plan_import,
    read_sheet,
    site_rows,
    written_sheet,
)
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "integrations/{gln}/sites"
MOST_LISTED = 20_000
_CUT = (
    "only the {most:,} sites that were added last are in this file, and there are more. "
    "GET /api/v1/operators/{{gln}}/sites gives all, page by page. Take this line away before you import the file"
)
_IN_A_PART = 50
_AT_ONCE = 8
_MOST_PAGES = 20
_LIKE_THE_API = "api/v1/operators/{gln}/sites"


@page(blueprint, "GET", _ROUTE + "/export", role=Role.READ)
async def export_sites_page(visit: Visit) -> Download:
    """All sites as in force now, those above before those below; a file that has not all says so in its last line."""
    entries = await listed_sites(store=wiring().sites, gln=visit.gln, most=MOST_LISTED + 1)
    shown = entries[:MOST_LISTED]
    sites = [version.document for entry in shown if (version := entry.in_force(visit.now)) is not None]
    content = written_sheet(
        (row.site for row in await site_rows(sites)),
        cut=_CUT.format(most=MOST_LISTED) if len(entries) > MOST_LISTED else None,
    )
    return Download(content=content, media_type="text/csv; charset=utf-8", name=f"sites-{visit.gln}.csv")


@page(blueprint, "GET", _ROUTE + "/import", role=Role.READ)
async def import_page(visit: Visit) -> Shown:
    """Where a file is chosen."""
    return _asked_for_a_file()


@page(blueprint, "POST", _ROUTE + "/import", role=Role.ADMIN)
async def preview_import(visit: Visit) -> Shown:
    """What a file would do. Changes nothing."""
    content = visit.files.get("file", b"")
    if not content:
        return _asked_for_a_file(fault="Choose a file first.")
    return await _previewed(visit, content)


@page(blueprint, "POST", _ROUTE + "/import/confirm", role=Role.ADMIN)
async def confirm_import(visit: Visit) -> Outcome:
    """Does what the preview showed; what it would do differently by now is shown again instead.

    With `part` only the first sites of it, and the answer says how far it has come and asks for the next: no request
    is long, and somebody sees it go on. Without, as by a browser that runs no scripts, all at once.
    """
    try:
        content = base64.b64decode(visit.form.get("content", ""), validate=True)
        plan = await _plan(visit, content)
    except (binascii.Error, ValueError, SheetUnreadable):
        return _asked_for_a_file(fault="The file was lost on its way. Choose it again.")
    before = ImportProgress.of(visit.form)
    if plan.mark != visit.form.get("mark") or plan.wrong:
        return await _previewed(visit, content, is_another=True, before=before)
    in_parts = "part" in visit.form
    part, rest = plan.parted(_IN_A_PART if in_parts else len(plan.in_order))
    services = wiring()
    imported = await import_sites(plan=part, gln=visit.gln, store=services.sites, now=visit.now)
    await services.configuration_changed(visit.gln)
    for some in batched(imported.put, _AT_ONCE, strict=False):
        await all_of(_log(visit, put) for put in some)
    progress = before.with_(imported, left=len(rest.in_order))
    if not in_parts:
        return Done(to=f"/integrations/{visit.gln}/sites", said=progress.said(unchanged=len(plan.unchanged)))
    values = {"progress": progress, "content": base64.b64encode(content).decode(), "mark": rest.mark}
    return Shown(template="site_import_progress.html", values=values)


async def _previewed(
    visit: Visit, content: bytes, *, is_another: bool = False, before: ImportProgress | None = None
) -> Shown:
    try:
        plan = await _plan(visit, content)
    except SheetUnreadable as unreadable:
        return _asked_for_a_file(fault=str(unreadable))
    values = {"plan": plan, "content": base64.b64encode(content).decode(), "is_another": is_another, "before": before}
    return Shown(template="site_import_preview.html", values=values, status=409 if is_another else 200)


async def _plan(visit: Visit, content: bytes) -> ImportPlan:
    """Raises SheetUnreadable."""
    lines = read_sheet(content)
    entries = await listed_sites(store=wiring().sites, gln=visit.gln, most=MOST_LISTED)
    return plan_import(lines, entries=entries, tariff_ids=await _tariff_ids(visit), now=visit.now)


async def _tariff_ids(visit: Visit) -> set[str]:
    found: set[str] = set()
    continuation: str | None = None
    for _ in range(_MOST_PAGES):
        part: dict[str, Any] = await ask(visit, "list_tariffs", query={"limit": "1000", "continuation": continuation})
        found |= {str(each["id"]) for each in part["items"] if "id" in each}
        continuation = part["continuation"]
        if continuation is None:
            break
    return found


def _asked_for_a_file(*, fault: str | None = None) -> Shown:
    values = {"fault": fault, "most_exported": MOST_LISTED}
    return Shown(template="site_import.html", values=values, status=422 if fault else 200)


async def _log(visit: Visit, put: Put[Site]) -> None:
    site = put.version.document
    changed = Changed(
        subject=f"site {site.site_id}",
        reference=f"site-{site.site_id}",
        created=put.created,
        changes=changes_between(put.before, site),
    )
    await log_settings_change(_as_call(visit), changed, home=visit.operator.home, route=_LIKE_THE_API)


def _as_call(visit: Visit) -> Call:
    """The person, to whom the log ascribes what was changed."""
    return Call(
        caller=visit.person.as_caller(visit.gln),
        path={"gln": visit.gln},
        headers={},
        raw_body=b"",
        received_at=visit.now,
        known_operator=visit.operator,
    )
