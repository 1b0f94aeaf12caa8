"""A line is corrected: a form, what would be written, and only then the writing."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.pages.as_shown import mark_of_lines
from functions.pages.ask import ask
from functions.pages.explained import Elements, elements_of
from functions.pages.line_address import line_address
from functions.pages.line_refusals import refusal_in_words
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Done, Shown, Visit
from shared.billing import CostedLine
from shared.json_documents import DocumentRefused, FieldFault
from shared.wiring import wiring

if TYPE_CHECKING:
    from functions.pages.correction_form import Typed

blueprint = func.Blueprint()
_ROUTE = "integrations/{gln}/deliveries/{transactionId}/correct"


@page(blueprint, "GET", _ROUTE, role=Role.READ)
async def correction_page(visit: Visit) -> Shown:
    """The empty form."""
    from functions.pages.correction_form import Typed

    return await _form(visit, Typed())


@page(blueprint, "POST", _ROUTE, role=Role.ADMIN)
async def correct_line(visit: Visit) -> Shown | Done:
    """What would be written; with `confirm`, what was shown is written, if it still is what would be."""
    from functions.pages.correction_form import Typed
    from functions.pages.formats import formats_of

    typed = Typed.of(visit.form)
    transaction_id = visit.path["transactionId"]
    try:
        document = typed.document(formats_of(visit.operator).zone)
        preview = await _asked(visit, document, preview="true")
        told = mark_of_lines(preview["transactions"])
        expected = visit.form.get("confirm")
        if expected != told:
            return await _form(visit, typed, preview=preview, expected=told, is_changed=expected is not None)
        answer = await _asked(visit, document)
    except DocumentRefused as refused:
        return await _form(visit, typed, faults=refused.faults)
    except Exception as error:
        refusal = refusal_in_words(error)
        if refusal is None:
            raise
        return await _form(visit, typed, refusal=refusal)
    new = answer["transactionId"]
    return Done(
        to=line_address(visit.gln, new), said=f"{transaction_id} was corrected: {new} is the line in force now."
    )


async def _asked(visit: Visit, document: dict[str, object], **query: str) -> dict[str, Any]:
    path = {"transactionId": visit.path["transactionId"]}
    answer: dict[str, Any] = await ask(visit, "correct_transaction", path=path, query=query, document=document)
    return answer


async def _form(
    visit: Visit,
    typed: "Typed",
    *,
    faults: object = (),
    refusal: str | None = None,
    preview: dict[str, Any] | None = None,
    expected: str | None = None,
    is_changed: bool = False,
) -> Shown:
    line = await ask(visit, "get_transaction", path={"transactionId": visit.path["transactionId"]})
    is_metered = "currency" not in line
    tariffs = [] if is_metered else (await ask(visit, "list_tariffs", query={"limit": "1000"}))["items"]
    values = {
        "elements": await _elements(visit, typed, preview) if preview else None,
        "line": line,
        "is_metered": is_metered,
        "tariffs": [("", "as before"), *((each["id"], each["id"]) for each in tariffs)],
        "typed": typed,
        "faults": [FieldFault(field=each.field, message=each.message) for each in faults],  # type: ignore[attr-defined]
        "refusal": refusal,
        "preview": preview,
        "expected": expected,
        "is_changed": is_changed,
    }
    return Shown(template="correction.html", values=values, status=200 if not (faults or refusal) else 422)


async def _elements(visit: Visit, typed: "Typed", preview: dict[str, Any]) -> Elements:
    """Of the tariff that prices the new line: the one that was chosen, else that of the line before."""
    story = await wiring().sessions.story_of_line(home=visit.operator.home, transaction_id=visit.path["transactionId"])
    before = next(each for each in story.lines if each.transaction_id == visit.path["transactionId"]) if story else None
    priced_by = before.report.tariff_id if isinstance(before, CostedLine) and before.report else None
    started_at = datetime.fromisoformat(preview["transactions"][-1]["timestampStart"])
    return await elements_of(visit, tariff_id=typed.tariff or priced_by, started_at=started_at)
