"""What last month's sessions, or those of other days, would have cost by a tariff: nothing is changed."""

import asyncio
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.tariff_pages import address_of, entry_of
from functions.pages.visit import Shown, Visit
from functions.simulation_api import MOST_SESSIONS
from shared.instant import utc_text
from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import calendar_date

blueprint = func.Blueprint()
_LISTED = 200
_LONGEST = timedelta(days=92)

type Document = dict[str, Any]


@page(blueprint, "GET", "integrations/{gln}/tariffs/{tariffId}/simulation", role=Role.READ)
async def simulation_page(visit: Visit) -> Shown:
    """Sessions that ended from the day `from` to the day `to`, both included; without them, last month.

    `at` picks the version in force then; with `whole` the sum is that of all sessions, not only of those listed.
    """
    entry = await entry_of(visit)
    first, last = _last_month(visit)
    typed = {"from": visit.query.get("from", str(first)), "to": visit.query.get("to", str(last))}
    at = visit.query.get("at")
    values: Document = {
        "tariff_id": entry.entry_id,
        "home": address_of(visit.gln, entry.entry_id),
        "versions": [(utc_text(each.valid_from), each.valid_from) for each in entry.versions if each.valid_from],
        "typed": typed,
        "at": at,
        "faults": (),
        "found": None,
        "whole": None,
        "most": MOST_SESSIONS,
        "further": visit.query.get("continuation") is not None,
        "percent": percent,
    }
    try:
        question = {**_period(visit, typed), "at": at}
        listed = {**question, "limit": _LISTED, "continuation": visit.query.get("continuation")}
        found, whole = await asyncio.gather(_simulated(visit, listed), _whole(visit, question))
    except DocumentRefused as refused:
        return Shown(template="simulation.html", values=values | {"faults": refused.faults}, status=422)
    return Shown(template="simulation.html", values=values | {"found": found, "whole": whole})


def percent(sums: Document) -> Decimal | None:
    """By how much more it would have cost, to a tenth of a percent; None where it did cost nothing or is not known."""
    if sums["difference"] is None or not sums["actual"]["inclVat"]:
        return None
    share: Decimal = Decimal(sums["difference"]) * 100 / abs(Decimal(sums["actual"]["inclVat"]))
    return share.quantize(Decimal("0.1"))


async def _simulated(visit: Visit, question: Document) -> Document:
    document: Document = await ask(
        visit, "simulate_tariff", path={"tariffId": visit.path["tariffId"]}, document=question
    )
    return document


async def _whole(visit: Visit, question: Document) -> Document | None:
    """The sum of all sessions, if it is asked for: thousands take some seconds."""
    return await _simulated(visit, {**question, "limit": MOST_SESSIONS}) if "whole" in visit.query else None


def _last_month(visit: Visit) -> tuple[date, date]:
    """Its first and its last day, on the operator's clocks."""
    today = visit.now.astimezone(ZoneInfo(visit.operator.timezone)).date()
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _period(visit: Visit, typed: Document) -> Document:
    """As the API is asked: from the first day's midnight to the one after the last day."""
    zone = ZoneInfo(visit.operator.timezone)
    days, faults = {}, []
    for name, text in typed.items():
        try:
            days[name] = calendar_date(text)
        except ValueError as fault:
            faults.append(FieldFault(field=name, message=str(fault)))
    if not faults and days["from"] > days["to"]:
        faults.append(FieldFault(field="from", message="must not lie after the last day"))
    if not faults and days["to"] - days["from"] > _LONGEST:
        faults.append(FieldFault(field="to", message=f"must lie within {_LONGEST.days} days of the first"))
    if faults:
        raise DocumentRefused(*faults)
    midnights = (days["from"], days["to"] + timedelta(days=1))
    since, until = (utc_text(datetime.combine(day, time(), tzinfo=zone)) for day in midnights)
    return {"from": since, "to": until}
