"""Lines that went without their revenue share's id, and the correction that sets it."""

from collections.abc import Sequence

import azure.functions as func

from functions.pages.as_shown import mark_of_lines
from functions.pages.ask import ask
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Done, Outcome, Shown, Visit
from functions.problems import problem_of
from shared.json_documents import DocumentRefused, FieldFault
from shared.wiring import wiring

blueprint = func.Blueprint()
ROUTE = "integrations/{gln}/sites/missing-shares"
_NOT_NOW = 409


@page(blueprint, "GET", ROUTE, role=Role.READ)
async def missing_shares_page(visit: Visit) -> Shown:
    """The lines, newest end first, each with what a correction would set."""
    continuation = visit.query.get("continuation")
    missing = await ask(visit, "list_missing_revenue_shares", query={"limit": "50", "continuation": continuation})
    return Shown(template="missing_shares.html", values={"missing": missing, "is_older_part": bool(continuation)})


@page(blueprint, "GET", ROUTE + "/{transactionId}", role=Role.READ)
async def share_correction_page(visit: Visit) -> Outcome:
    """What the correction would write, before anything is written."""
    return await _preview(visit, reason="The id of the revenue share was missing")


@page(blueprint, "POST", ROUTE + "/{transactionId}", role=Role.ADMIN)
async def correct_share(visit: Visit) -> Outcome:
    """Credits the line, and writes it anew with what is known now, if that is still what was shown."""
    reason = visit.form.get("reason", "")
    path, document = {"transactionId": visit.path["transactionId"]}, {"reason": reason}
    try:
        preview = await ask(visit, "correct_transaction", path=path, query={"preview": "true"}, document=document)
        if not await _is_missing(visit):
            return _not_missing(visit)
        if visit.form.get("confirm") != mark_of_lines(preview["transactions"]):
            return await _preview(visit, reason=reason, is_changed=True)
        done = await ask(visit, "correct_transaction", path=path, document=document)
    except DocumentRefused as refused:
        return await _preview(visit, reason=reason, faults=refused.faults)
    except Exception as error:  # noqa: BLE001  what is not for the list is raised again
        return _back(visit, error)
    credit = done["creditTransactionId"]
    said = f"{done['transactionId']} was written" + (f", and {credit} credits the line before." if credit else ".")
    return Done(to=f"/integrations/{visit.gln}/sites/missing-shares", said=said)


async def _preview(
    visit: Visit, *, reason: str, faults: Sequence[FieldFault] = (), is_changed: bool = False
) -> Outcome:
    path = {"transactionId": visit.path["transactionId"]}
    before = await ask(visit, "get_transaction", path=path)
    document = {"reason": "preview"}
    try:
        preview = await ask(visit, "correct_transaction", path=path, query={"preview": "true"}, document=document)
    except Exception as error:  # noqa: BLE001  as above
        return _back(visit, error)
    if not await _is_missing(visit):
        return _not_missing(visit)
    values = {
        "before": before,
        "preview": preview,
        "expected": mark_of_lines(preview["transactions"]),
        "reason": reason,
        "faults": list(faults),
        "is_changed": is_changed,
    }
    return Shown(template="share_correction.html", values=values, status=422 if faults else 200)


async def _is_missing(visit: Visit) -> bool:
    return await wiring().missing_shares.is_missing(operator=visit.operator, transaction_id=visit.path["transactionId"])


def _not_missing(visit: Visit) -> Done:
    """To the list. Another correction has its own form, which shows all that it changes."""
    transaction_id = visit.path["transactionId"]
    said = f"!{transaction_id} does not lack a revenue share's id. To correct something else of it, open the line."
    return Done(to=f"/integrations/{visit.gln}/sites/missing-shares", said=said)


def _back(visit: Visit, error: Exception) -> Done:
    """To the list, which says why it cannot be done now. Raises an error that has another cause."""
    problem = problem_of(error)
    if problem.status != _NOT_NOW:
        raise error
    return Done(to=f"/integrations/{visit.gln}/sites/missing-shares", said=f"!{problem.title}: {problem.detail}")
