"""The Details tab: is the operator connected, what needs somebody, and who may call."""

import asyncio
from typing import Any

import azure.functions as func

from functions.charging_events import ROUTE as CHARGING_EVENTS
from functions.pages.ask import ask
from functions.pages.connected import connected, keys_of
from functions.pages.key_pages import SCOPES
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Shown, Visit
from shared.connection import MOST_ENTRIES, needs, needs_known_at_once
from shared.faults import StorageUnavailable
from shared.wiring import wiring

blueprint = func.Blueprint()


@page(blueprint, "GET", "integrations/{gln}", role=Role.READ)
async def details_page(visit: Visit) -> Shown:
    """What is set, and what is known without looking through anything; the page takes in `standing_page` by itself."""
    services = wiring()
    document, keys, blockade = await asyncio.gather(
        ask(visit, "get_operator"), keys_of(visit), services.blockades.now_of(visit.gln)
    )
    values = {
        "document": document,
        "needs": needs_known_at_once(operator=visit.operator, blockade=blockade, now=visit.now),
        "keys": keys,
        "scopes": SCOPES,
        "faults": (),
        "typed": {},
        "now": visit.now,
        "settings": services.settings,
    }
    return Shown(template="details.html", values=values)


@page(blueprint, "GET", "integrations/{gln}/standing", role=Role.READ)
async def standing_page(visit: Visit) -> Shown:
    """How the operator stands, measured now: also a page of its own, for who runs no scripts. Storage that is away is
    said in the place of each part, so that what Details shows already stays.
    """
    values: dict[str, Any] = {
        "found": None,
        "now": visit.now,
        "most_entries": MOST_ENTRIES,
        "contract_events": wiring().settings.contract_events_topic,
        "charging_events": CHARGING_EVENTS,
    }
    try:
        found = await connected(visit)
    except StorageUnavailable:
        return Shown(template="standing.html", values=values)
    wanted = needs(operator=visit.operator, standing=found.standing, blockade=found.blockade, now=visit.now)
    return Shown(template="standing.html", values=values | {"found": found, "needs": wanted, "keys": found.keys})
