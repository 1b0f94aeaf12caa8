"""Whether lines would leave, tried step by step; and how many dead letters name the operator."""

import asyncio
from typing import Any

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Shown, Visit
from shared.connection import COUNTED_TO
from shared.faults import StorageUnavailable

blueprint = func.Blueprint()
_ROUTE = "integrations/{gln}/connection-test"
_PATIENCE_SECONDS = 4  # the SDK would go on trying to connect for much longer than somebody waits


@page(blueprint, "GET", _ROUTE, role=Role.READ)
async def connection_test_page(visit: Visit) -> Shown:
    """What the test tries."""
    return _shown(visit, None)


@page(blueprint, "POST", _ROUTE, role=Role.ADMIN)
async def test_connection(visit: Visit) -> Shown:
    """Tries it, and shows each step on this answer: it is of this moment, and no address has it afterwards."""
    return _shown(visit, (await ask(visit, "try_connection"))["steps"])


@page(blueprint, "GET", "integrations/{gln}/dead-letter-count", role=Role.READ)
async def dead_letter_count_page(visit: Visit) -> Shown:
    """Asks the broker, which is slower than storage, and may be away when storage is not: so it is a page of its own,
    which Details takes in when it is there.
    """
    values: dict[str, Any] = {"counted_to": COUNTED_TO, "items": None, "more": False, "is_away": False}
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            listed = await ask(visit, "list_dead_letters", query={"limit": str(COUNTED_TO)})
    except (StorageUnavailable, TimeoutError):
        values["is_away"] = True
    else:
        values |= {"items": listed["items"], "more": listed["continuation"] is not None}
    return Shown(template="dead_letter_count.html", values=values)


def _shown(visit: Visit, steps: Any) -> Shown:
    return Shown(template="connection_test.html", values={"steps": steps, "now": visit.now})
