"""Chargers: where they stand and what they give, on the Sites tab."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.segment import segment
from functions.pages.site_form import whole
from functions.pages.visit import Done, Outcome, Shown, Visit
from functions.problems import NotFound
from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import Charger, StaleDocument, id_fault, in_effect, path_in_force
from shared.wiring import wiring

blueprint = func.Blueprint()
ROUTE = "integrations/{gln}/chargers"
_NONE: Mapping[str, str] = {"chargerId": "", "siteId": "", "maxPowerKW": ""}


@page(blueprint, "GET", ROUTE, role=Role.READ)
async def new_charger_page(visit: Visit) -> Shown:
    """An empty form, for a charger that has not been heard of."""
    return Shown(template="new_charger.html", values={"form": {**_NONE, "siteId": visit.query.get("site", "")}})


@page(blueprint, "POST", ROUTE, role=Role.ADMIN)
async def add_charger(visit: Visit) -> Outcome:
    """Puts a charger that is not there yet, even if somebody adds it at the same time."""
    form = {name: visit.form.get(name, "") for name in _NONE}
    charger_id = form["chargerId"]
    try:
        _check_id(charger_id)
        document = await _document(visit, form)
        await ask(visit, "put_charger", path={"chargerId": charger_id}, document=document, if_none_match=True)
    except DocumentRefused as refused:
        values = {"form": form, "faults": list(refused.faults)}
        return Shown(template="new_charger.html", values=values, status=422)
    except StaleDocument:
        there = await ask(visit, "get_charger", path={"chargerId": charger_id})
        taken = FieldFault(field="chargerId", message="is there already: change it on its own page")
        values = {"form": form, "faults": [taken], "there": {**there, "address": _address(visit, charger_id)}}
        return Shown(template="new_charger.html", values=values, status=422)
    return Done(to=_address(visit, charger_id), said=f"Charger {charger_id} was added.")


@page(blueprint, "GET", ROUTE + "/{chargerId}", role=Role.READ)
async def charger_page(visit: Visit) -> Shown:
    """A charger: what the operator says, what was learned, and what applies at its site."""
    charger = await _stored(visit)
    return await _shown(visit, charger, form=_filled_in(visit, charger))


@page(blueprint, "POST", ROUTE + "/{chargerId}", role=Role.ADMIN)
async def save_charger(visit: Visit) -> Outcome:
    """Puts what the operator says; nothing if somebody else has put something since the form was shown."""
    charger = await _stored(visit)
    form = {name: visit.form.get(name, "") for name in _NONE}
    try:
        document = await _document(visit, form)
        revision = visit.form.get("revision", "")
        path = {"chargerId": charger.charger_id}
        await ask(visit, "put_charger", path=path, document=document, if_match=f'"{revision}"')
    except DocumentRefused as refused:
        return await _shown(visit, charger, form=form, faults=list(refused.faults), status=422)
    except StaleDocument:
        return await _shown(visit, charger, form=form, stored_now=_filled_in(visit, charger), status=412)
    return Done(to=_address(visit, charger.charger_id), said=f"Charger {charger.charger_id} was saved.")


def _check_id(charger_id: str) -> None:
    if fault := id_fault(charger_id):
        raise DocumentRefused(FieldFault(field="chargerId", message=fault))


async def _stored(visit: Visit) -> Charger:
    charger_id = visit.path["chargerId"]
    stored = None if id_fault(charger_id) else await wiring().chargers.find(gln=visit.gln, charger_id=charger_id)
    if stored is None:
        raise NotFound(f"charger {charger_id}")
    return stored.value


async def _shown(
    visit: Visit,
    charger: Charger,
    *,
    form: Mapping[str, str],
    faults: list[FieldFault] | None = None,
    stored_now: Mapping[str, str] | None = None,
    status: int = 200,
) -> Shown:
    site_id = charger.site_id
    path = (
        await path_in_force(store=wiring().sites, gln=visit.gln, site_id=site_id, at=visit.now)
        if site_id is not None
        else ()
    )
    values = {
        "charger": charger,
        "form": form,
        "faults": faults or [],
        "stored_now": stored_now,
        "effect": in_effect(path) if path else None,
    }
    return Shown(template="charger.html", values=values, status=status)


def _filled_in(visit: Visit, charger: Charger) -> dict[str, str]:
    """What the operator says, not what was learned: empty is “as learned”."""
    from functions.pages.formats import formats_of

    own = charger.own
    site_id, power = (own.site_id, own.max_power_kw) if own else (None, None)
    return {
        "siteId": "" if site_id is None else str(site_id),
        "maxPowerKW": "" if power is None else formats_of(visit.operator).number(power),
    }


async def _document(visit: Visit, form: Mapping[str, str]) -> dict[str, Any]:
    """What is put. Raises DocumentRefused for a site that is not there: by a typing error everybody could charge."""
    document: dict[str, Any] = {}
    if form["siteId"]:
        document["siteId"] = whole(form["siteId"])
        known = await wiring().sites.find(gln=visit.gln, entry_id=str(document["siteId"]))
        if known is None:
            raise DocumentRefused(
                FieldFault(field="siteId", message=f"there is no site {form['siteId']}: add it first")
            )
    if form["maxPowerKW"]:
        document["maxPowerKW"] = _kilowatts(form["maxPowerKW"])
    return document


def _kilowatts(text: str) -> Decimal:
    """A number with a comma or a point."""
    try:
        number = Decimal("".join(text.split()).replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > 20:
        raise DocumentRefused(FieldFault(field="maxPowerKW", message="must be a number, such as 22 or 7.4"))
    return number


def _address(visit: Visit, charger_id: str) -> str:
    return f"/integrations/{visit.gln}/chargers/{segment(charger_id)}"
