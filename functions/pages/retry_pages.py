"""Another try of every delivery in a state: fifty at a time, until all were asked for."""

import asyncio
from typing import Any

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.delivery_words import WORDS
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Done, Shown, Visit
from shared.all_of import all_of
from shared.delivery import COUNTED, DeliveryState, NotToBeTried
from shared.faults import RowConflict
from shared.wiring import wiring

blueprint = func.Blueprint()
_AT_A_TIME = "50"
_SIDE_BY_SIDE = 8


@page(blueprint, "POST", "integrations/{gln}/retry-all", role=Role.ADMIN)
async def retry_all(visit: Visit) -> Shown | Done:
    """The next fifty, and how far that is. Where it goes on is in the form: what a try has left in its state, because
    it failed again meanwhile, is not tried twice.
    """
    state, back = visit.form.get("state", ""), f"/integrations/{visit.gln}/deliveries"
    if state not in WORDS or not WORDS[state].is_retried:
        return Done(to=back, said="!These are not to be tried all at once. Choose a state first.")
    if await wiring().blockades.now_of(visit.gln) is not None:
        return Done(to=back, said="!The operator is blocked, so nothing is sent. See below what helps.")
    total = _number(visit.form.get("total"))
    if total is None:
        index, home = wiring().delivery_index, visit.operator.home
        total = len(await index.created(home=home, state=DeliveryState(state), since=None, at_most=COUNTED))
    page_of = await ask(
        visit,
        "list_deliveries",
        query={"state": state, "limit": _AT_A_TIME, "continuation": visit.form.get("continuation")},
    )
    refused = [each for each in await _tried(visit, page_of["items"]) if each is not None]
    asked = (_number(visit.form.get("asked")) or 0) + len(page_of["items"]) - len(refused)
    left = (_number(visit.form.get("left")) or 0) + len(refused)
    values = {
        "state": state,
        "asked": asked,
        "left": left,
        "refused": refused,
        "total": max(total, asked + left),
        "most": COUNTED,
        "continuation": page_of["continuation"],
    }
    return Shown(template="retry_all.html", values=values)


async def _tried(visit: Visit, items: list[dict[str, Any]]) -> list[tuple[str, str] | None]:
    room = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(transaction_id: str) -> tuple[str, str] | None:
        async with room:
            try:
                await ask(visit, "retry_delivery", path={"transactionId": transaction_id})
            except NotToBeTried as error:
                return transaction_id, error.because
            except RowConflict:
                return transaction_id, "it was changed at the same time"
            return None

    return await all_of(one(item["transactionId"]) for item in items)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
