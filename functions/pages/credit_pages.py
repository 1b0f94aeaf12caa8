"""A line is taken back: what would be written, and only then the writing."""

from typing import Any

import azure.functions as func

from functions.pages.as_shown import mark_of_lines
from functions.pages.ask import ask
from functions.pages.line_address import line_address
from functions.pages.line_refusals import refusal_in_words
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Done, Shown, Visit
from functions.transaction_document import transaction_document
from shared.json_documents import DocumentRefused, FieldFault
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "integrations/{gln}/deliveries/{transactionId}/credit"


@page(blueprint, "GET", _ROUTE, role=Role.READ)
async def credit_page(visit: Visit) -> Shown:
    """What would be written, and a form for the reason."""
    return await _form(visit)


@page(blueprint, "POST", _ROUTE, role=Role.ADMIN)
async def credit_line(visit: Visit) -> Shown | Done:
    """It is written, if it still is what was shown: a credit, or that the line is withdrawn."""
    transaction_id, reason = visit.path["transactionId"], visit.form.get("reason", "")
    try:
        if visit.form.get("confirm") != mark_of_lines(await _foreseen(visit)):
            return await _form(visit, is_changed=True)
        answer = await ask(
            visit, "credit_transaction", path={"transactionId": transaction_id}, document={"reason": reason}
        )
    except DocumentRefused as refused:
        return await _form(visit, faults=[_in_words(fault, reason) for fault in refused.faults])
    except Exception as error:
        refusal = refusal_in_words(error)
        if refusal is None:
            raise
        return await _form(visit, refusal=refusal)
    credit = answer["creditTransactionId"]
    if credit is None:
        said = f"{transaction_id} was withdrawn before it was sent: no credit was needed."
        return Done(to=line_address(visit.gln, transaction_id), said=said)
    return Done(to=line_address(visit.gln, credit), said=f"{transaction_id} is credited by {credit}.")


async def _foreseen(visit: Visit) -> list[dict[str, Any]]:
    """The credit; nothing where the line would be withdrawn."""
    followed = await wiring().corrections.preview_credit(
        operator=visit.operator, transaction_id=visit.path["transactionId"]
    )
    return [transaction_document(each) for each in followed.lines]


async def _form(
    visit: Visit,
    *,
    faults: list[FieldFault] | None = None,
    refusal: str | None = None,
    is_changed: bool = False,
) -> Shown:
    transaction_id = visit.path["transactionId"]
    line = await ask(visit, "get_transaction", path={"transactionId": transaction_id})
    foreseen = None
    try:
        foreseen = await _foreseen(visit)
    except Exception as error:
        refusal = refusal or refusal_in_words(error)
        if refusal is None:
            raise
    values = {
        "line": line,
        "credit": foreseen[0] if foreseen else None,
        "is_withdrawn": foreseen == [],
        "expected": mark_of_lines(foreseen) if foreseen is not None else None,
        "is_changed": is_changed,
        "faults": faults or [],
        "refusal": refusal,
        "reason": visit.form.get("reason", ""),
    }
    return Shown(template="credit.html", values=values, status=422 if faults or refusal else 200)


def _in_words(fault: FieldFault, reason: str) -> FieldFault:
    if fault.field == "reason" and not reason:
        return FieldFault(field="reason", message="is required: it is in the log and with the session")
    return fault
