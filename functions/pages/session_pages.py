"""The Sessions tab: what waits for a person, what is asked about it, and what was decided."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import azure.functions as func

from functions.pages.as_shown import mark_of
from functions.pages.ask import ask
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.segment import segment
from functions.pages.sessions_of import LOOKED_THROUGH, those_of, whose_of
from functions.pages.side_by_side import side_by_side
from functions.pages.visit import Done, Shown, Visit
from functions.problems import NotFound, problem_of
from shared.drivers import normalised
from shared.faults import RowConflict
from shared.json_documents import DocumentRefused, FieldFault
from shared.sessions import DriverUnknown, NothingToDecide

blueprint = func.Blueprint()
_ROUTE = "integrations/{gln}/sessions"
_CHANGED = "Somebody else changed this session at the same moment. This is how it stands now."
_OTHERWISE = (
    "What would come of it has changed since you saw it, because something else was changed meanwhile. "
    "Nothing was decided. Look at it again."
)
_BECAME = {
    "settled": "It is settled: its line is below.",
    "held": "It is still held, for the reason below.",
    "conflict": "Something else about it is still to be decided.",
    "nothing-to-bill": "There is nothing to bill.",
    "discarded": "It is discarded and will never become a line.",
}


@page(blueprint, "GET", _ROUTE, role=Role.READ)
async def sessions_page(visit: Visit) -> Shown:
    """What needs a person; with `status` all of that status; with `whose` those of an accounting point or a tag among
    the newest of them, and whether there are older ones to be looked through.
    """
    status, whose = visit.query.get("status"), whose_of(visit)
    asked = {"status": status, "continuation": visit.query.get("continuation")}
    listed = await ask(visit, "list_sessions", query={**asked, "limit": str(LOOKED_THROUGH)} if whose else asked)
    looked_through = len(listed["items"])
    if whose:
        listed["items"] = await those_of(visit, whose, listed["items"])
    values = {"listed": listed, "status": status, "whose": whose, "looked_through": looked_through}
    return Shown(template="sessions.html", values=values)


@page(blueprint, "GET", _ROUTE + "/{sessionId}", role=Role.READ)
async def session_page(visit: Visit) -> Shown:
    """A session; with `decision` what that would come to."""
    return await _session(visit, visit.query)


@page(blueprint, "POST", _ROUTE + "/{sessionId}/decide", role=Role.ADMIN)
async def decide_on_session(visit: Visit) -> Shown | Done:
    """Takes the decision, if what is asked and what would come of it are still what the person saw."""
    typed = {
        name: visit.form[name] for name in ("decision", "reason", "externalId", "questionId") if name in visit.form
    }
    try:
        if visit.form.get("confirm") != _mark(visit, await _what_comes(visit, typed)):
            return await _session(visit, typed, refusal=_OTHERWISE, status=409)
        answer = await ask(visit, "resolve_session", path=_path(visit), document=typed)
    except (DocumentRefused, DriverUnknown) as error:
        return await _session(visit, typed, faults=problem_of(error).faults, status=422)
    except NothingToDecide as error:
        return await _session(visit, typed, refusal=f"Nothing was decided. {error}.", status=409)
    except RowConflict:
        return await _session(visit, typed, refusal=_CHANGED, status=409)
    became = _BECAME.get(answer["status"], f"It is {answer['status']}.")
    return Done(to=address_of(visit.gln, answer["sessionId"]), said=f"Decided: {typed['decision']}. {became}")


def address_of(gln: str, session_id: str) -> str:
    """Where a session's page is."""
    return f"/integrations/{gln}/sessions/{segment(session_id)}"


async def _session(
    visit: Visit,
    typed: Mapping[str, str],
    *,
    faults: Sequence[FieldFault] = (),
    refusal: str | None = None,
    status: int = 200,
) -> Shown:
    session = await ask(visit, "get_session", path=_path(visit))
    values = {
        "session": session,
        "address": address_of(visit.gln, session["sessionId"]),
        **_reports(session),
        "typed": typed,
        "refusal": refusal,
        "foreseen": None,
        "expected": None,
        "driver": None,
        "faults": [_beside_the_field(fault) for fault in faults],
    }
    if session["question"] and "decision" in typed:
        values |= await _foreseen(visit, session, typed)
        values["faults"] = list(dict.fromkeys([*map(_beside_the_field, faults), *values["faults"]]))
    return Shown(template="session.html", values=values, status=status)


def _reports(session: Mapping[str, Any]) -> dict[str, Any]:
    """What contradicts the session, or may be the same, beside it."""
    conflicts, twin = session["conflicts"], session["twin"]
    if conflicts:
        headings = [f"Report {number}" for number in range(1, len(conflicts) + 2)]
        return {"headings": headings, "compared": side_by_side([session["stop"], *conflicts])}
    if twin is not None and twin["stop"] is not None:
        headings = ["This session", f"Session {twin['sessionId']}"]
        return {"headings": headings, "compared": side_by_side([session["stop"], twin["stop"]])}
    return {"headings": [], "compared": None}


async def _foreseen(visit: Visit, session: Mapping[str, Any], typed: Mapping[str, str]) -> dict[str, Any]:
    """What the decision would come to; why it cannot be taken is said where it is offered."""
    try:
        foreseen = await _what_comes(visit, typed)
    except (DocumentRefused, DriverUnknown) as error:
        return {"faults": [_beside_the_field(fault) for fault in problem_of(error).faults]}
    except NothingToDecide:
        return {"faults": []}
    driver = await _driver(visit, session, typed) if typed["decision"] == "assign" else None
    return {"foreseen": foreseen, "expected": _mark(visit, foreseen), "driver": driver, "faults": []}


async def _what_comes(visit: Visit, typed: Mapping[str, str]) -> dict[str, Any]:
    decision = typed.get("decision")
    whom = {"externalId": typed.get("externalId")} if decision == "assign" else {}
    answer: dict[str, Any] = await ask(
        visit, "foresee_decision", path=_path(visit), query={"decision": decision, **whom}
    )
    return answer


def _mark(visit: Visit, foreseen: Mapping[str, Any]) -> str:
    """Of what the page says would be written, and whether it says that it is sent."""
    shown = {name: foreseen[name] for name in ("status", "heldFor", "heldBecause", "line")}
    return mark_of([shown, visit.operator.state])


def _beside_the_field(fault: FieldFault) -> FieldFault:
    """A decision without whom it is for is refused as a whole."""
    return fault if fault.field else FieldFault(field="externalId", message="is required")


async def _driver(visit: Visit, session: Mapping[str, Any], typed: Mapping[str, str]) -> dict[str, Any] | None:
    """The driver whom the session would be assigned to, and the session's tag as the driver had it last."""
    try:
        driver = await ask(visit, "get_driver", path={"externalId": typed["externalId"]})
    except NotFound:
        return None  # its contract begins later
    stop = session["stop"]
    tag = normalised(stop["tag"])
    token = next((each for each in driver["tokens"] if normalised(each["uid"]) == tag), None)
    return {**driver, "token": token, "heldIt": token is not None and _held(token, stop["startedAt"])}


def _held(token: Mapping[str, Any], at: str) -> bool:
    instant, until = datetime.fromisoformat(at), token["validTo"]
    return datetime.fromisoformat(token["validFrom"]) <= instant and (
        until is None or instant < datetime.fromisoformat(until)
    )


def _path(visit: Visit) -> dict[str, str]:
    return {"sessionId": visit.path["sessionId"]}
