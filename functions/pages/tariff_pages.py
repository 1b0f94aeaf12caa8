"""The Tariffs tab: which there are and what each costs, where it is used, and what it charges over a week."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.segment import segment
from functions.pages.tariff_words import elements, sentence, understood
from functions.pages.visit import Shown, Visit
from functions.problems import NotFound
from shared.instant import utc_text
from shared.json_documents import DocumentRefused, FieldFault, print_json
from shared.operators import Entry, Version, calendar_date, changes_between, id_fault
from shared.sessions import week_of
from shared.wiring import wiring

if TYPE_CHECKING:
    from functions.pages.formats import Formats

blueprint = func.Blueprint()
_ROUTE = "integrations/{gln}/tariffs"
_MOST_SITES = "1000"
_MOST_CHANGES = 50
_YEARS = (2000, 2099)
_SINCE_EVER = "1970-01-01T00:00:00Z"

type Document = dict[str, Any]


@page(blueprint, "GET", _ROUTE, role=Role.READ)
async def tariffs_page(visit: Visit) -> Shown:
    """The operator's tariffs as they are in force."""
    query = {"continuation": visit.query.get("continuation")}
    listed, uses = await asyncio.gather(ask(visit, "list_tariffs", query=query), _uses(visit))
    rows = [_row(visit, document, uses) for document in listed["items"]]
    values = {"rows": rows, "continuation": listed["continuation"], "uses": uses, "address": address_of}
    return Shown(template="tariffs.html", values=values)


@page(blueprint, "GET", _ROUTE + "/{tariffId}", role=Role.READ)
async def tariff_page(visit: Visit) -> Shown:
    """A tariff as it is in force, or at the instant `at`; the picture is of the week from `week` on."""
    from functions.pages.tariff_plots import week_plot, week_runs

    entry, formats = await entry_of(visit), formats_of_visit(visit)
    at = instant_asked(visit)
    version = entry.in_force(at)
    if version is None:
        raise NotFound(f"tariff {entry.entry_id} at that time")
    tariff, misfits = understood(version.document, operator=visit.operator)
    monday = _monday(visit)
    values: Document = {
        "tariff_id": entry.entry_id,
        "address": address_of(visit.gln, entry.entry_id),
        "version": version,
        "is_now": version is entry.in_force(visit.now),
        "versions": _versions(entry, visit, formats),
        "sentence": sentence(tariff, formats) if tariff else None,
        "elements": elements(tariff, formats) if tariff else [],
        "misfits": misfits,
        "document": print_json(version.document, indent=2),
        "uses": await _uses(visit),
        "monday": monday,
        "week": timedelta(days=7),
        "at": visit.query.get("at"),
        "plot": None,
        "gaps": [],
        "runs": [],
    }
    if tariff is not None and not misfits:
        hours = await week_of(operator=visit.operator, tariff=tariff, monday=monday, market=wiring().directory)
        values["gaps"] = list(dict.fromkeys(hour.fault for hour in hours if hour.fault))
        values["plot"] = week_plot(hours, currency=tariff.currency, formats=formats)
        values["runs"] = week_runs(hours, currency=tariff.currency, formats=formats)
    return Shown(template="tariff.html", values=values)


def address_of(gln: str, tariff_id: str) -> str:
    """Where a tariff's page is."""
    return f"/integrations/{gln}/tariffs/{segment(tariff_id)}"


async def entry_of(visit: Visit) -> Entry[Document]:
    """All versions of the tariff in the path. Raises NotFound."""
    tariff_id = visit.path["tariffId"]
    stored = None if id_fault(tariff_id) else await wiring().tariffs.find(gln=visit.gln, entry_id=tariff_id)
    if stored is None:
        raise NotFound(f"tariff {tariff_id}")
    return stored.value


def formats_of_visit(visit: Visit) -> "Formats":
    """Those of the operator."""
    from functions.pages.formats import formats_of

    return formats_of(visit.operator)


def _row(visit: Visit, document: Document, uses: Mapping[str, Any]) -> Document:
    tariff, misfits = understood(document, operator=visit.operator)
    return {
        "id": document["id"],
        "currency": document.get("currency"),
        "validFrom": document["validFrom"],
        "sentence": sentence(tariff, formats_of_visit(visit)) if tariff else None,
        "misfits": misfits,
    }


async def _uses(visit: Visit) -> Document:
    """Which tariffs the operator, its products and its sites name. `some`: not all sites were looked at."""
    operator = visit.operator
    sites = await ask(visit, "list_sites", query={"limit": _MOST_SITES})
    products: dict[str, list[str]] = {}
    for product in operator.products:
        if product.tariff_id is not None:
            products.setdefault(product.tariff_id, []).append(product.product_code)
    by_site: dict[str, list[Document]] = {}
    for site in sites["items"]:
        if site["tariffId"] is not None:
            by_site.setdefault(site["tariffId"], []).append(site)
    return {
        "default": operator.default_tariff_id,
        "products": products,
        "sites": by_site,
        "some": sites["continuation"] is not None,
    }


def _versions(entry: Entry[Document], visit: Visit, formats: "Formats") -> list[Document]:
    """Newest first, each with what it changed."""
    found, before = [], None
    for version in entry.versions:
        tariff, _ = understood(version.document, operator=visit.operator)
        found.append(
            {
                "validFrom": version.valid_from,
                "at": utc_text(version.valid_from) if version.valid_from else _SINCE_EVER,
                "sentence": sentence(tariff, formats) if tariff else None,
                "isNow": version is entry.in_force(visit.now),
                "isToCome": version.starts > visit.now,
                "changes": _changes(before, version),
            }
        )
        before = version
    return found[::-1]


def _changes(before: Version[Document] | None, version: Version[Document]) -> Any:
    return changes_between(before.document, version.document)[:_MOST_CHANGES] if before else ()


def instant_asked(visit: Visit) -> datetime:
    """The instant of `at`; now without one. Raises DocumentRefused."""
    text = visit.query.get("at")
    if text is None:
        return visit.now
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise DocumentRefused(FieldFault(field="at", message="must be a time with its offset from UTC")) from None
    return instant


def _monday(visit: Visit) -> date:
    """Of the week of `week`, or of this week."""
    today = visit.now.astimezone(ZoneInfo(visit.operator.timezone)).date()
    try:
        day = calendar_date(visit.query["week"]) if "week" in visit.query else today
    except ValueError as fault:
        raise DocumentRefused(FieldFault(field="week", message=str(fault))) from None
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise DocumentRefused(FieldFault(field="week", message="must be a day from 2000 to 2099"))
    return day - timedelta(days=day.weekday())
