"""A tariff is set up or changed: by a form for the common ones, or as the whole document; tried before it is saved."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.log_filter import instant_of
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.tariff_editor import Document, Typed, editor, in_force, tariff_form
from functions.pages.tariff_forms import document_of, empty_form, faults_beside, form_sent
from functions.pages.tariff_pages import address_of, entry_of, formats_of_visit
from functions.pages.visit import Done, Outcome, Visit
from shared.faults import RowConflict
from shared.instant import utc_text
from shared.json_documents import DocumentRefused, FieldFault, NotJson, parse_json, print_json
from shared.operators import Entry, StaleDocument, tariff_of
from shared.wiring import wiring

blueprint = func.Blueprint()
_NEW = "integrations/{gln}/new-tariff"
_EDIT = "integrations/{gln}/tariffs/{tariffId}/edit"
_TAKEN = FieldFault(field="tariffId", message="is there already: open it in the list to change it")
_MAY_NOT = "!You may read tariffs, not change them."


@page(blueprint, "GET", _NEW, role=Role.READ)
async def new_tariff_page(visit: Visit) -> Outcome:
    """An empty form."""
    if not visit.person.may_act:
        return Done(to=f"/integrations/{visit.gln}/tariffs", said=_MAY_NOT)
    stored = {"currency": visit.operator.currency}
    form = None if _is_json(visit.query) else empty_form()
    text = print_json(document_of(empty_form(), stored), indent=2)
    return await editor(visit, Typed(tariff_id="", stored=stored, form=form, text=text))


@page(blueprint, "POST", _NEW, role=Role.ADMIN)
async def create_tariff(visit: Visit) -> Outcome:
    """The first version; one that is there already is not touched."""
    tariff_id = visit.form.get("tariffId") or _named_in_document(visit)
    typed = _typed(visit, tariff_id, {"currency": visit.operator.currency})
    if tariff_id and await wiring().tariffs.find(gln=visit.gln, entry_id=tariff_id) is not None:
        return await editor(visit, replace(typed, is_taken=True), faults=[_TAKEN], status=422)
    return await _carried_out(visit, typed)


@page(blueprint, "GET", _EDIT, role=Role.READ)
async def edit_tariff_page(visit: Visit) -> Outcome:
    """The form of what is in force; the whole document, if that says more than the form can."""
    entry = await entry_of(visit)
    if not visit.person.may_act:
        return Done(to=address_of(visit.gln, entry.entry_id), said=_MAY_NOT)
    stored = in_force(entry, visit.now)
    form = None if _is_json(visit.query) else tariff_form(visit, stored)
    typed = Typed(
        tariff_id=entry.entry_id,
        stored=stored,
        form=form,
        text=print_json(stored, indent=2),
        revision=entry.revision,
    )
    return await editor(visit, typed, entry=entry)


@page(blueprint, "POST", _EDIT, role=Role.ADMIN)
async def change_tariff(visit: Visit) -> Outcome:
    """Tries what was typed, shows it as a document, or saves it as a version."""
    entry = await entry_of(visit)
    return await _carried_out(visit, _typed(visit, entry.entry_id, in_force(entry, visit.now)), entry=entry)


def _typed(visit: Visit, tariff_id: str, stored: Document) -> Typed:
    return Typed(
        tariff_id=tariff_id,
        stored=stored,
        form=None if _is_json(visit.form) else form_sent(visit.form, visit.lists),
        text=visit.form.get("json", ""),
        revision=visit.form.get("revision", ""),
        valid_from=visit.form.get("validFrom", ""),
    )


async def _carried_out(visit: Visit, typed: Typed, entry: Entry[Document] | None = None) -> Outcome:
    try:
        document = typed.document()
        if visit.form.get("do") == "to-json":
            named = {"id": typed.tariff_id, **document} if typed.tariff_id else document
            text = print_json(named, indent=2)
            return await editor(visit, replace(typed, form=None, text=text), entry=entry)
        tariff = tariff_of(operator=visit.operator, tariff_id=typed.tariff_id, document=document)
        valid_from = _valid_from(visit, typed)
        if visit.form.get("do") == "try":
            return await editor(visit, typed, entry=entry, tried=tariff)
        await ask(
            visit,
            "put_tariff",
            path={"tariffId": typed.tariff_id},
            query={"validFrom": utc_text(valid_from) if valid_from else None},
            document=document,
            if_match=f'"{typed.revision}"' if entry else None,
            if_none_match=entry is None,
        )
    except DocumentRefused as error:
        faults = faults_beside(error.faults, typed.form) if typed.form else list(error.faults)
        faults = [replace(fault, field="tariffId") if fault.field == "id" else fault for fault in faults]
        return await editor(visit, typed, entry=entry, faults=faults, status=422)
    except (StaleDocument, RowConflict):
        if entry is None:
            return await editor(visit, replace(typed, is_taken=True), faults=[_TAKEN], status=422)
        again = await entry_of(visit)
        newer = replace(typed, revision=again.revision, is_stale=True)
        return await editor(visit, newer, entry=again, status=409)
    return Done(to=address_of(visit.gln, typed.tariff_id), said=_said(typed, entry, valid_from, visit))


def _named_in_document(visit: Visit) -> str:
    """The id that a pasted document has."""
    try:
        document = parse_json(visit.form.get("json", "").encode())
    except NotJson:
        return ""
    named = document.get("id") if isinstance(document, dict) else None
    return named if isinstance(named, str) else ""


def _valid_from(visit: Visit, typed: Typed) -> datetime | None:
    if not typed.valid_from:
        return None
    try:
        return instant_of(typed.valid_from, zone=ZoneInfo(visit.operator.timezone))
    except (ValueError, OverflowError):
        message = "must be a date and a time, such as 2026-02-01T00:00"
        raise DocumentRefused(FieldFault(field="validFrom", message=message)) from None


def _said(typed: Typed, entry: Entry[Document] | None, valid_from: datetime | None, visit: Visit) -> str:
    if entry is None:
        return f"Tariff {typed.tariff_id} is there. It prices nothing until the operator, a product or a site names it."
    return f"Saved: a new version from {formats_of_visit(visit).when(valid_from) if valid_from else 'now'} on."


def _is_json(given: Any) -> bool:
    return bool(given.get("as") == "json")
