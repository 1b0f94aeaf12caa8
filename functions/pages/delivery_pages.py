"""The Deliveries tab: how many lines stand where, what is stuck and what helps, and another try of one."""

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.delivery_words import STATES, WORDS
from functions.pages.line_address import line_address
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.rendering import with_query
from functions.pages.visit import Done, Shown, Visit
from shared.all_of import all_of
from shared.delivery import COUNTED, Bar, Grain, NotToBeTried, Overview, overview
from shared.faults import RowConflict
from shared.wiring import wiring

if TYPE_CHECKING:
    from functions.pages.formats import Formats

blueprint = func.Blueprint()
_LISTED = "50"
_SHORT = {Grain.HOUR: "d MMM HH:mm", Grain.DAY: "d MMM", Grain.MONTH: "MMM y"}


@page(blueprint, "GET", "integrations/{gln}/deliveries", role=Role.READ)
async def deliveries_page(visit: Visit) -> Shown:
    """Deliveries of one state or all, under what they come to."""
    from functions.pages.formats import formats_of

    state = visit.query.get("state") if visit.query.get("state") in STATES else None
    grain = Grain(visit.query["by"]) if visit.query.get("by") in set(Grain) else Grain.DAY
    services, home, formats = wiring(), visit.operator.home, formats_of(visit.operator)
    found: list[Any] = await all_of(
        [
            ask(
                visit,
                "list_deliveries",
                query={"state": state, "limit": _LISTED, "continuation": visit.query.get("continuation")},
            ),
            services.blockades.now_of(visit.gln),
            overview(index=services.delivery_index, home=home, grain=grain, zone=formats.zone, now=visit.now),
        ]
    )
    shown, blockade, course = found
    values = {
        "state": state,
        "grain": grain,
        "shown": shown,
        "counts": course.counts,
        "most": COUNTED,
        "blockade": blockade,
        "words": WORDS,
        "course": course,
        "plot": _plot(course, grain, formats),
        "label": lambda bar: _label(bar, grain, formats),
        "month": visit.now.astimezone(formats.zone).strftime("%Y-%m"),
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


def _label(bar: Bar, grain: Grain, formats: "Formats") -> str:
    """The time of a bar, as short as can be."""
    from babel.dates import format_datetime

    return format_datetime(bar.since, _SHORT[grain], tzinfo=formats.zone, locale=formats.locale)


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def _plot(course: Overview, grain: Grain, formats: "Formats") -> object:
    from functions.pages.plots import PlottedBar, bars

    each = [
        PlottedBar(
            label=_label(bar, grain, formats),
            told=f"{_label(bar, grain, formats)}: {_lines(bar.lines)}, {bar.failed} failed",
            whole=bar.lines,
            part=bar.failed,
        )
        for bar in course.bars
    ]
    return bars(title=f"Lines by {grain}, and those that have failed; the table below has the figures", each=each)
