"""The Logs tab: everything that passed, filtered, searched window by window, shared and exported."""

from typing import Any

import azure.functions as func

from functions.pages.log_export import MOST_CHARACTERS, MOST_ENTRIES, MOST_LOOKED_AT, as_csv, as_json
from functions.pages.log_filter import LogFilter, instant_of, read_filter
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.printed_text import printed_text
from functions.pages.visit import Download, Shown, Visit
from functions.problems import NotFound
from shared.instant import utc_text
from shared.json_documents import DocumentRefused
from shared.logbook import Search, search_back
from shared.wiring import wiring

blueprint = func.Blueprint()
A_PAGE = 50
_DIGITS_OF_A_COUNT = 9
LOOKED_AT_AT_ONCE = 2_000
"""So many entries a search looks at before it says how far it has come: less than a second."""


@page(blueprint, "GET", "integrations/{gln}/logs", role=Role.READ)
async def logs_page(visit: Visit) -> Shown:
    """Entries, newest first. A search shows what it found in the next stretch, and goes on from there."""
    try:
        filter_ = _filter_of(visit)
    except DocumentRefused as error:
        values = {"typed": lambda name: visit.query.get(name, ""), "faults": error.faults, "search": None}
        return Shown(template="logs.html", values=values, status=422)
    stopped = _stopped(visit) if filter_.is_search else None
    search = stopped or await search_back(
        logbook=wiring().logbook,
        home=visit.operator.home,
        query=filter_.query,
        limit=A_PAGE,
        continuation=visit.query.get("continuation"),
        most_looked_at=LOOKED_AT_AT_ONCE,
    )
    shown = _shown(filter_, search, _count(visit.query.get("found")), stopped=stopped is not None)
    return Shown(template="logs.html", values={"typed": filter_.typed, "faults": (), "filter": filter_, **shown})


@page(blueprint, "GET", "integrations/{gln}/logs/{entryId}", role=Role.READ)
async def log_entry_page(visit: Visit) -> Shown:
    """One entry, whole."""
    entry_id = visit.path["entryId"]
    try:
        at = instant_of(visit.query["at"], zone=visit.operator.zone)
        entry = await wiring().logbook.entry(home=visit.operator.home, entry_id=entry_id, at=at)
    except (KeyError, ValueError, OverflowError):
        entry = None
    if entry is None:
        raise NotFound(f"log entry {entry_id} of that time")
    return Shown(template="log_entry.html", values={"entry": entry, "printed": printed_text})


@page(blueprint, "GET", "integrations/{gln}/logs.csv", role=Role.READ)
async def export_logs_as_csv(visit: Visit) -> Download:
    """What is filtered, for a spreadsheet."""
    return Download(content=as_csv(await _everything(visit)), media_type="text/csv", name=_name(visit, "csv"))


@page(blueprint, "GET", "integrations/{gln}/logs.json", role=Role.READ)
async def export_logs_as_json(visit: Visit) -> Download:
    """What is filtered, for a program."""
    content = as_json(await _everything(visit))
    return Download(content=content, media_type="application/json", name=_name(visit, "json"))


async def _everything(visit: Visit) -> Search:
    return await search_back(
        logbook=wiring().logbook,
        home=visit.operator.home,
        query=_filter_of(visit).query,
        limit=MOST_ENTRIES,
        most_looked_at=MOST_LOOKED_AT,
        most_characters=MOST_CHARACTERS,
    )


def _filter_of(visit: Visit) -> LogFilter:
    return read_filter(visit.query, zone=visit.operator.zone, now=visit.now)


def _shown(filter_: LogFilter, search: Search, found_before: int, *, stopped: bool = False) -> dict[str, Any]:
    found = found_before + len(search.entries)
    more = {"continuation": search.continuation, "found": found if filter_.is_search else None}
    before = filter_.window_before
    return {
        "search": search,
        "found": found,
        "printed": printed_text,
        "actions": sorted({entry.action for entry in search.entries}),
        "goes_on_by_itself": filter_.is_search and not stopped and found < A_PAGE,
        "share": filter_.share_searched(search.back_to),
        "next": filter_.address(**more) if search.continuation else None,
        "stop": filter_.address(**more, stoppedAt=utc_text(search.back_to)) if search.back_to else None,
        "before": filter_.address(**{"from": utc_text(before[0]), "to": utc_text(before[1])}) if before else None,
    }


def _count(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < _DIGITS_OF_A_COUNT else 0


def _stopped(visit: Visit) -> Search | None:
    """A search that its person has stopped, where it stood; None if it goes on."""
    try:
        back_to = instant_of(visit.query["stoppedAt"], zone=visit.operator.zone)
    except (KeyError, ValueError, OverflowError):
        return None
    return Search(entries=(), continuation=visit.query.get("continuation"), back_to=back_to)


def _name(visit: Visit, ending: str) -> str:
    return f"log-{visit.gln}-{visit.now:%Y%m%dT%H%M%SZ}.{ending}"
