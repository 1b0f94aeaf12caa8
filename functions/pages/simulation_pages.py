"""What last month's sessions, or those of other days, would have cost by a tariff: nothing is changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import azure.functions as func

from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.tariff_pages import address_of, entry_of, instant_asked
from functions.pages.visit import Shown, Visit
from functions.simulation_api import MOST_SESSIONS
from shared.instant import utc_text
from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import calendar_date
from shared.sessions import Simulated, SimulatedSession, SimulatedSum, SimulationRunning
from shared.wiring import wiring

blueprint = func.Blueprint()
_LISTED = 200
_LONGEST = timedelta(days=92)

_YEARS = (2000, 2099)


class _Question(NamedTuple):
    since: datetime
    until: datetime
    at: datetime


@page(blueprint, "GET", "integrations/{gln}/tariffs/{tariffId}/simulation", role=Role.READ)
async def simulation_page(visit: Visit) -> Shown:
    """Sessions that ended from the day `from` to the day `to`, both included; without them, last month.

    `at` picks the version in force then; with `whole` the sum is that of all sessions, not only of those listed, which
    are the newest then.
    """
    entry = await entry_of(visit)
    first, last = _last_month(visit)
    typed = {"from": visit.query.get("from", str(first)), "to": visit.query.get("to", str(last))}
    at, is_whole = visit.query.get("at"), "whole" in visit.query
    continuation = None if is_whole else visit.query.get("continuation")
    values: dict[str, Any] = {
        "tariff_id": entry.entry_id,
        "home": address_of(visit.gln, entry.entry_id),
        "versions": [(utc_text(each.valid_from), each.valid_from) for each in entry.versions if each.valid_from],
        "typed": typed,
        "at": at,
        "faults": (),
        "found": None,
        "whole": None,
        "most": MOST_SESSIONS,
        "is_busy": False,
        "continuation": continuation,
        "asked_for_all": is_whole,
        "percent": percent,
    }
    try:
        question = _Question(*_period(visit, typed), at=instant_asked(visit))
        found = await _simulated(visit, question, limit=_LISTED, continuation=continuation)
        whole = await _with_the_rest(visit, question, found) if is_whole else None
    except DocumentRefused as refused:
        return Shown(template="simulation.html", values=values | {"faults": refused.faults}, status=422)
    except SimulationRunning:
        return Shown(template="simulation.html", values=values | {"is_busy": True}, status=429)
    return Shown(template="simulation.html", values=values | {"found": found, "whole": whole})


def percent(of: SimulatedSession | SimulatedSum) -> Decimal | None:
    """By how much more it would have cost, to a tenth of a percent; None where it did cost nothing or is not known."""
    if of.difference is None or of.actual is None or not of.actual.incl:
        return None
    return (of.difference * 100 / abs(of.actual.incl)).quantize(Decimal("0.1"))


async def _simulated(visit: Visit, question: _Question, *, limit: int, continuation: str | None = None) -> Simulated:
    # Not through the API: thousands of sessions would be printed and read again on the way.
    return await wiring().simulation.of_period(
        operator=visit.operator,
        tariff_id=visit.path["tariffId"],
        at=question.at,
        since=question.since,
        until=question.until,
        limit=limit,
        continuation=continuation,
    )


async def _with_the_rest(visit: Visit, question: _Question, first: Simulated) -> Simulated:
    """The first ones and all after them, as many as may be; none is priced twice."""
    if first.continuation is None:
        return first
    limit = MOST_SESSIONS - len(first.items)
    rest = await _simulated(visit, question, limit=limit, continuation=first.continuation)
    return replace(first, items=first.items + rest.items, continuation=rest.continuation)


def _last_month(visit: Visit) -> tuple[date, date]:
    """Its first and its last day, on the operator's clocks."""
    today = visit.now.astimezone(ZoneInfo(visit.operator.timezone)).date()
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _period(visit: Visit, typed: Mapping[str, str]) -> tuple[datetime, datetime]:
    """From the first day's midnight to the one after the last day, on the operator's clocks."""
    zone = ZoneInfo(visit.operator.timezone)
    days, faults = {}, []
    for name, text in typed.items():
        try:
            days[name] = calendar_date(text)
            if not _YEARS[0] <= days[name].year <= _YEARS[1]:
                faults.append(FieldFault(field=name, message=f"must be a day from {_YEARS[0]} to {_YEARS[1]}"))
        except ValueError as fault:
            faults.append(FieldFault(field=name, message=str(fault)))
    if not faults and days["from"] > days["to"]:
        faults.append(FieldFault(field="from", message="must not lie after the last day"))
    if not faults and days["to"] - days["from"] > _LONGEST:
        faults.append(FieldFault(field="to", message=f"must lie within {_LONGEST.days} days of the first"))
    if faults:
        raise DocumentRefused(*faults)
    since, until = days["from"], days["to"] + timedelta(days=1)
    return datetime.combine(since, time(), tzinfo=zone), datetime.combine(until, time(), tzinfo=zone)
