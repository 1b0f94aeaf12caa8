"""The Details tab: is the operator connected, what needs somebody, and who may call."""

import asyncio

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.connected import connected
from functions.pages.key_pages import SCOPES
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Shown, Visit
from shared.connection import needs
from shared.wiring import wiring

blueprint = func.Blueprint()


@page(blueprint, "GET", "integrations/{gln}", role=Role.READ)
async def details_page(visit: Visit) -> Shown:
    """How the operator stands, as it is stored now."""
    document, found = await asyncio.gather(ask(visit, "get_operator"), connected(visit))
    values = {
        "document": document,
        "found": found,
        "needs": needs(operator=visit.operator, standing=found.standing, blockade=found.blockade, now=visit.now),
        "keys": found.keys,
        "scopes": SCOPES,
        "faults": (),
        "typed": {},
        "now": visit.now,
        "settings": wiring().settings,
    }
    return Shown(template="details.html", values=values)
