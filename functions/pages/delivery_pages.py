"""The Deliveries tab: how many lines stand where, what is stuck and what helps, and another try of one."""

from typing import Any

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.delivery_course_page import grain_of
from functions.pages.delivery_words import STATES, WORDS
from functions.pages.line_address import line_address
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.rendering import with_query
from functions.pages.visit import Done, Shown, Visit
from shared.all_of import all_of
from shared.delivery import COUNTED, NotToBeTried
from shared.faults import RowConflict
from shared.wiring import wiring

blueprint = func.Blueprint()
_LISTED = "50"


@page(blueprint, "GET", "integrations/{gln}/deliveries", role=Role.READ)
async def deliveries_page(visit: Visit) -> Shown:
    """Deliveries of one state or all, under what they come to. Lines over time are a page of their own, which this one
    takes in by itself.
    """
    from functions.pages.plots import empty_plot

    state = visit.query.get("state") if visit.query.get("state") in STATES else None
    services, home = wiring(), visit.operator.home
    found: list[Any] = await all_of(
        [
            ask(
                visit,
                "list_deliveries",
                query={"state": state, "limit": _LISTED, "continuation": visit.query.get("continuation")},
            ),
            services.blockades.now_of(visit.gln),
            services.delivery_index.counts(home=home, at_most=COUNTED),
        ]
    )
    shown, blockade, counts = found
    values = {
        "state": state,
        "shown": shown,
        "counts": counts,
        "most": COUNTED,
        "blockade": blockade,
        "words": WORDS,
        "grain": grain_of(visit),
        "plot": empty_plot(),
        "month": visit.now.astimezone(visit.operator.zone).strftime("%Y-%m"),
        "state_choices": [("", "all"), *((each, each) for each in STATES)],
    }
    return Shown(template="deliveries.html", values=values)


@page(blueprint, "POST", "integrations/{gln}/deliveries/{transactionId}/retry", role=Role.ADMIN)
async def retry_one(visit: Visit) -> Done:
    """Another try of one; back to the list that it was asked for from, or to the line."""
    transaction_id, state = visit.path["transactionId"], visit.form.get("state")
    back = with_query(f"/integrations/{visit.gln}/deliveries", state=state if state in STATES else None)
    if state is None:
        back = line_address(visit.gln, transaction_id)
    try:
        answer = await ask(visit, "retry_delivery", path={"transactionId": transaction_id})
    except NotToBeTried as error:
        return Done(to=back, said=f"!{transaction_id} is not sent again: {error.because}.")
    except RowConflict:
        return Done(to=back, said=f"!{transaction_id} was changed at the same time. Look at it, then try again.")
    if answer["state"] == "blocked":
        return Done(to=back, said=f"{transaction_id} waits: whether the operator is accepted again is tried now.")
    return Done(to=back, said=f"{transaction_id} is tried again now.")
