"""The Advanced settings tab: everything that an operator's document says, to be read and changed."""

from collections.abc import Collection
from dataclasses import replace

import azure.functions as func
from pydantic import ValidationError

from functions.pages.ask import ask
from functions.pages.page_endpoint import FormForeign, page
from functions.pages.person import Role
from functions.pages.settings_changes import Consequence, changed_labels, consequences, merged, with_stored
from functions.pages.settings_fields import FORGETTABLE, LABELS, SECRETS, in_words
from functions.pages.settings_form import Document, Form, document_of, form_of, form_sent
from functions.pages.settings_missing import missing_of
from functions.pages.settings_view import Filled, fresh, view
from functions.pages.visit import Done, Outcome, Shown, Visit
from functions.problems import NotFound
from shared.faults import RowConflict
from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import OperatorDocument, StaleDocument, accounting_point_fault, pattern_fault
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "integrations/{gln}/settings"
_MOST_TRIED = 100
_MOST_HELD = 50
_NAMED = 8


@page(blueprint, "GET", _ROUTE, role=Role.READ)
async def settings_page(visit: Visit) -> Shown:
    """The settings as they are stored."""
    revision, document = await _stored(visit)
    return await view(visit, document, fresh(document, revision))


@page(blueprint, "POST", _ROUTE, role=Role.ADMIN)
async def change_settings(visit: Visit) -> Outcome:
    """Saves what was filled in; or changes the rows of products, or tries the pattern, and saves nothing."""
    revision, document = await _stored(visit)
    action, _, which = visit.form.get("do", "save").partition(" ")
    filled = _filled(visit, without_row=which if action == "remove-product" else "")
    match action:
        case "add-product":
            return await view(visit, document, replace(filled, has_new_row=True))
        case "remove-product":
            return await view(visit, document, filled)
        case "try-pattern":
            return await view(visit, document, _tried(visit, filled))
        case _:
            return await _save(visit, filled, document, revision)


@page(blueprint, "POST", _ROUTE + "/notices-test", role=Role.ADMIN)
async def test_notices(visit: Visit) -> Shown:
    """Sends a test to the address that is stored, and shows what it answered."""
    tried = await ask(visit, "try_notices")
    revision, document = await _stored(visit)
    return await view(visit, document, fresh(document, revision), tried_notice=tried)


async def _stored(visit: Visit) -> tuple[str, Document]:
    """The document, after its revision: if it changes in between, what is saved meets a conflict and is not lost."""
    stored = await wiring().operators.find(gln=visit.gln)
    if stored is None:
        raise NotFound(f"operator {visit.gln}")
    return stored.value.revision, await ask(visit, "get_operator")


def _filled(visit: Visit, *, without_row: str) -> Filled:
    try:
        shown = Form.model_validate_json(visit.form.get("shown", ""))
    except ValidationError:
        raise FormForeign from None
    contested = [name for name in visit.lists.get("contested", ()) if name]
    return Filled(
        form=form_sent(visit, shown, without_row=without_row),
        shown=shown,
        revision=visit.form.get("revision", ""),
        contested=contested,
        kept={name: visit.form.get(f"keep.{name}", "") for name in contested},
        agreed=visit.lists.get("agreed", ()),
        forget=[part for part in visit.lists.get("forget", ()) if part in FORGETTABLE],
        retype=[name for name in SECRETS if name in visit.form],
        values_tried=visit.form.get("values", ""),
    )


def _tried(visit: Visit, filled: Filled) -> Filled:
    """Each value against the pattern that is typed, by the same matching as contract events meet."""
    pattern = filled.form.texts.get("accountingPointPattern", "")
    if fault := pattern_fault(pattern):
        return replace(filled, pattern_fault=fault)
    operator = replace(visit.operator, accounting_point_pattern=pattern)
    values = list(dict.fromkeys(filter(None, (line.strip() for line in filled.values_tried.splitlines()))))
    tried = [(value, accounting_point_fault(operator, value) is None) for value in values[:_MOST_TRIED]]
    return replace(filled, tried=tried)


async def _save(visit: Visit, filled: Filled, stored: Document, revision: str) -> Outcome:
    kept = filled.kept or {}
    if undecided := [name for name in filled.contested if kept[name] not in {"typed", "stored"}]:
        faults = [FieldFault(field=f"keep.{name}", message="choose which of the two is to stand") for name in undecided]
        return await view(visit, stored, replace(filled, faults=faults), status=422)
    if filled.revision != revision:
        return await _changed_meanwhile(visit, filled)
    theirs = [name for name in filled.contested if kept[name] == "stored"]
    filled = replace(filled, form=with_stored(filled.form, filled.shown, theirs), contested=())
    return await _put(visit, filled, stored)


async def _put(visit: Visit, filled: Filled, stored: Document) -> Outcome:
    secrets = {name: visit.form[name] for name in SECRETS if name in visit.form}
    wanted = document_of(filled.form, stored, secrets=secrets, forget=filled.forget)
    if wanted == stored:
        return Done(to=_address(visit), said="Nothing was changed: it is stored as it stands here.")
    brings = await _consequences(visit, stored, wanted)
    if not {each.key for each in brings} <= set(filled.agreed):
        return await view(visit, stored, replace(filled, consequences=brings), status=422)
    try:
        _check_rehearsal(stored, wanted)
        put = await ask(visit, "put_operator", document=wanted, if_match=f'"{filled.revision}"')
    except DocumentRefused as error:
        return await view(visit, stored, replace(filled, faults=[in_words(each) for each in error.faults]), status=422)
    except (StaleDocument, RowConflict):
        return await _changed_meanwhile(visit, filled)
    return await _saved(visit, stored, put, secrets)


async def _saved(visit: Visit, stored: Document, put: Document, secrets: Collection[str]) -> Outcome:
    made_up = put["notices"].get("secret") if put["notices"] else None
    if made_up:
        return Shown(template="settings_saved.html", values={"secret": made_up})
    labels = changed_labels(form_of(stored), form_of(put)) + [LABELS[name] for name in secrets]
    more = len(labels) - _NAMED
    said = f"Saved: {', '.join(labels[:_NAMED])}{f' and {more} more' if more > 0 else ''}."
    if missing := await missing_of(visit, form_of(put)):
        many = "a field names" if len(missing) == 1 else f"{len(missing)} fields name"
        said = f"{said} But {many} something that is not there: it says so beneath."
    return Done(to=_address(visit), said=said)


async def _changed_meanwhile(visit: Visit, filled: Filled) -> Shown:
    """Nothing is saved: the form again, on what is stored now, with what is to be decided."""
    revision, document = await _stored(visit)
    stored = form_of(document)
    form, both, taken = merged(shown=filled.shown, typed=filled.form, stored=stored)
    again = replace(
        filled, form=form, shown=stored, revision=revision, is_stale=True, contested=both, kept={}, taken=taken
    )
    return await view(visit, document, again, status=409)


async def _consequences(visit: Visit, stored: Document, wanted: Document) -> list[Consequence]:
    """None where the API will refuse the document anyway: what is wrong with it is said first."""
    try:
        OperatorDocument.model_validate(wanted)
    except ValidationError:
        return []
    found = consequences(stored, wanted, held="")
    if not found:
        return []
    sessions = await ask(visit, "list_sessions", query={"status": "held", "limit": str(_MOST_HELD)})
    held = f"{len(sessions['items'])}{' or more' if sessions['continuation'] else ''}"
    return consequences(stored, wanted, held=held)


def _check_rehearsal(stored: Document, wanted: Document) -> None:
    """The API drops a rehearsal beside another mode in silence, because a change of mode ends it."""
    if wanted["rehearsal"] and wanted["mode"] == stored["mode"] != "meter-value":
        fault = "takes the mode of meter values: in this one every session is priced anyway"
        raise DocumentRefused(FieldFault(field="rehearsal.mode", message=fault))


def _address(visit: Visit) -> str:
    return f"/integrations/{visit.gln}/settings"
