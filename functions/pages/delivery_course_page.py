"""Lines over time: a chart of when they were written, and of how many of them stand failed now."""

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Shown, Visit
from shared.delivery import Bar, Grain, Overview, overview
from shared.faults import StorageUnavailable
from shared.wiring import wiring

if TYPE_CHECKING:
    from functions.pages.formats import Formats

blueprint = func.Blueprint()
_SHORT = {Grain.HOUR: "d MMM HH:mm", Grain.DAY: "d MMM", Grain.MONTH: "MMM y"}


@page(blueprint, "GET", "integrations/{gln}/lines-over-time", role=Role.READ)
async def lines_over_time_page(visit: Visit) -> Shown:
    """Counted now, for Deliveries to take in when it is there, and for who runs no scripts. Storage that is away is
    said in the chart's place.
    """
    from functions.pages.formats import formats_of

    grain, formats = grain_of(visit), formats_of(visit.operator)
    values: dict[str, Any] = {"grain": grain, "course": None}
    try:
        course = await overview(
            index=wiring().delivery_index,
            home=visit.operator.home,
            grain=grain,
            zone=formats.zone,
            now=visit.now,
        )
    except StorageUnavailable:
        return Shown(template="lines_over_time.html", values=values)
    values |= {
        "course": course,
        "plot": _plot(course, grain, formats),
        "label": lambda bar: _label(bar, grain, formats),
    }
    return Shown(template="lines_over_time.html", values=values)


def grain_of(visit: Visit) -> Grain:
    """How much time a bar covers, as the address says; a day if it says nothing that is known."""
    by = visit.query.get("by")
    return Grain(by) if by in set(Grain) else Grain.DAY


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
            told=f"{_label(bar, grain, formats)}: {_lines(bar.lines)}, {bar.failed} failed now\n"
            f"{formats.utc_span(bar.since, bar.until)}",
            whole=bar.lines,
            part=bar.failed,
        )
        for bar in course.bars
    ]
    title = f"Lines by the {grain} they were written, and which of them stand failed now; the table has the figures"
    return bars(title=title, each=each)
