"""The Reconciliation tab: do sessions, lines and what Utility Cloud has agree, day by day?"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Done, Shown, Visit
from functions.problems import NotFound, problem_of
from shared.json_documents import DocumentRefused, FieldFault

blueprint = func.Blueprint()
_ROUTE = "integrations/{gln}/reconciliation"
DAYS_LISTED = 31
_MOST_SHARES = "50"
_BECAUSE: Mapping[str, str] = {
    "meter-value": "Utility Cloud cannot be asked for meter values",
    "line-lookup-none": "asking for lines is switched off",
    "rehearsed": "in rehearsal nothing is sent",
}


@page(blueprint, "GET", _ROUTE, role=Role.READ)
async def reconciliation_page(visit: Visit) -> Shown:
    """The latest days; with `date` one of them."""
    day = visit.query.get("date")
    if day is None:
        return await _days(visit)
    try:
        return await _day(visit, day)
    except DocumentRefused as refused:
        return await _days(visit, typed=day, faults=refused.faults, status=422)


@page(blueprint, "POST", _ROUTE, role=Role.ADMIN)
async def run_reconciliation_now(visit: Visit) -> Shown | Done:
    """Reconciles a day; a long one goes on after the answer."""
    from shared.reconciliation import DayNotBegun

    day = visit.form.get("date")
    if day is None:
        return await _days(visit, faults=[FieldFault(field="date", message="is required")], status=422)
    try:
        result = await ask(visit, "run_reconciliation", query={"date": day})
    except (DocumentRefused, DayNotBegun) as error:
        return await _days(visit, typed=day, faults=problem_of(error).faults, status=422)
    return Done(to=f"/integrations/{visit.gln}/reconciliation?date={result['date']}", said=_said(result))


def verdict_of(result: dict[str, Any] | None) -> str:
    """How a day stands: good, partly compared, not compared, differences, incomplete, running, or not yet.

    It is good only if Utility Cloud could be asked for every line.
    """
    if result is None:
        return "not yet"
    if result["state"] == "running":
        return "running"
    if result["differenceCounts"]:
        return "differences"
    if result["state"] != "done":
        return "incomplete"
    if not result["notChecked"]:
        return "good"
    return "partly compared" if result["equal"] else "not compared"


def _said(result: dict[str, Any]) -> str:
    match verdict_of(result):
        case "running":
            return "The reconciliation has begun and goes on by itself. This page shows how far it has come."
        case "good":
            return "Reconciled: all agrees."
        case "partly compared":
            agree = f"{result['equal']} {'line agrees' if result['equal'] == 1 else 'lines agree'}"
            return f"Reconciled: {agree}, {result['notChecked']} could not be asked for: {_because(result)}."
        case "not compared":
            return f"Reconciled, but nothing could be compared: {_because(result)}."
        case "incomplete":
            return "!Reconciled, but Utility Cloud did not answer for every line."
    found = sum(result["differenceCounts"].values())
    return f"!Reconciled: {found} {'thing does' if found == 1 else 'things do'} not agree."


def _because(result: dict[str, Any]) -> str:
    return ", and ".join(_BECAUSE.get(reason, reason) for reason in result["notCheckedBecause"])


async def _days(
    visit: Visit, *, typed: str | None = None, faults: Sequence[FieldFault] = (), status: int = 200
) -> Shown:
    listed = await ask(visit, "get_reconciliation", query={"limit": str(DAYS_LISTED + 1)})
    results = {each["date"]: each for each in listed["items"]}
    today = _today(visit)
    created = visit.operator.created_at.astimezone(visit.operator.zone).date()
    rows = []
    for back in range(DAYS_LISTED + 1):
        day = today - timedelta(days=back)
        result = results.get(day.isoformat())
        # Today is not over, and before there was an operator nothing ended: only if somebody asked for it.
        if result or created <= day < today:
            rows.append({"date": day.isoformat(), "result": result, "verdict": verdict_of(result)})
    values = {
        "rows": rows,
        "typed": typed or (today - timedelta(days=1)).isoformat(),
        "faults": faults,
        "today": today.isoformat(),
        "because": _BECAUSE,
    }
    return Shown(template="reconciliation.html", values=values, status=status)


async def _day(visit: Visit, day: str) -> Shown:
    """Raises DocumentRefused for what is no day."""
    try:
        result = await ask(visit, "get_reconciliation", query={"date": day})
    except NotFound:
        result = None
    shares = None
    if result is not None:
        window = {"from": result["from"], "to": result["to"], "limit": _MOST_SHARES}
        shares = await ask(visit, "list_missing_revenue_shares", query=window)
    this, today = date.fromisoformat(day), _today(visit)
    values = {
        "day": day,
        "result": result,
        "verdict": verdict_of(result),
        "differences": _by_kind(result),
        "shares": shares,
        "because": _BECAUSE,
        "before": (this - timedelta(days=1)).isoformat(),
        "after": (this + timedelta(days=1)).isoformat() if this < today else None,
        "is_over": this < today,
        "has_begun": this <= today,
    }
    return Shown(template="reconciliation_day.html", values=values)


def _by_kind(result: dict[str, Any] | None) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for each in result["differences"] if result else []:
        found.setdefault(each["kind"], []).append(each)
    return found


def _today(visit: Visit) -> date:
    return visit.now.astimezone(visit.operator.zone).date()
