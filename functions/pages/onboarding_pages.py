"""Setting an operator up: a new one, and the checklist until it is connected."""

from collections.abc import Mapping, Sequence
from typing import Any

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.connected import connected
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Done, Shown, Visit
from functions.problems import Problem
from shared.identifiers import gln_fault
from shared.json_documents import DocumentRefused, FieldFault
from shared.money import known_currencies
from shared.operators import Mode, StaleDocument, State

blueprint = func.Blueprint()
_NEW = "new-operator"
_FIRST = ("NOK", "SEK", "DKK", "EUR")
_FIELDS = ("name", "currency", "timezone", "mode", "state")
_AT_FIRST: Mapping[str, str] = {
    "currency": "NOK",
    "timezone": "Europe/Oslo",
    "mode": Mode.COSTED_TRANSACTION,
    "state": State.REHEARSAL,
}


@page(blueprint, "GET", "integrations/{gln}/onboarding", role=Role.READ)
async def onboarding_page(visit: Visit) -> Shown:
    """The checklist of the handover, and what comes after it."""
    return Shown(template="onboarding.html", values={"items": (await connected(visit)).items})


@page(blueprint, "GET", _NEW, role=Role.ADMIN)
async def new_operator_page(visit: Visit) -> Shown:
    """An empty form."""
    return _form(_AT_FIRST) if visit.person.is_platform_admin else _not_for_this_person()


@page(blueprint, "POST", _NEW, role=Role.ADMIN)
async def create_operator(visit: Visit) -> Shown | Done:
    """Sets it up, never over one that is there, even if somebody sets it up at the same time."""
    if not visit.person.is_platform_admin:
        return _not_for_this_person()
    gln = visit.form.get("gln", "").replace(" ", "")
    document = {name: visit.form.get(name, "") for name in _FIELDS}
    if fault := gln_fault(gln):
        return _form(visit.form, [FieldFault(field="gln", message=fault)])
    try:
        await ask(visit, "put_operator", path={"gln": gln}, document=document, if_none_match=True)
    except DocumentRefused as refused:
        return _form(visit.form, refused.faults)
    except StaleDocument:
        return await _taken(visit, gln)
    return Done(
        to=f"/integrations/{gln}", said=f"{document['name']} is set up. What is still missing stands under Onboarding."
    )


async def _taken(visit: Visit, gln: str) -> Shown:
    there = await ask(visit, "get_operator", path={"gln": gln})
    fault = FieldFault(field="gln", message=f"{there['name']} is set up with this GLN already")
    return _form(visit.form, [fault], there=there)


def _form(
    typed: Mapping[str, str], faults: Sequence[FieldFault] = (), *, there: Mapping[str, Any] | None = None
) -> Shown:
    currencies = [*_FIRST, *sorted(known_currencies() - set(_FIRST))]
    values = {
        "typed": typed,
        "faults": faults,
        "currencies": [(each, each) for each in currencies],
        "there": there,
    }
    return Shown(template="new_operator.html", values=values, status=422 if faults else 200)


def _not_for_this_person() -> Shown:
    problem = Problem(
        status=403,
        kind="platform-only",
        title="Not for this account",
        detail="Operators are set up by whoever may act for every operator; this account may act for some.",
    )
    return Shown(template="problem.html", values={"problem": problem}, status=403)
