"""The Dead letters tab, and the same for those who may see every operator: events that were given up."""

import asyncio
from collections.abc import Mapping
from typing import Any

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.dead_letter_words import in_words
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Done, Outcome, Shown, Visit
from functions.problems import NotFound
from shared.faults import RowConflict, StorageUnavailable
from shared.wiring import wiring

blueprint = func.Blueprint()
_OF_AN_OPERATOR = "integrations/{gln}/dead-letters"
_OF_ALL = "dead-letters"
_ONE = "/{sequenceNumber}"
_SHOWN_AT_ONCE = "20"
LOOKED_THROUGH = 200
MOST_AT_ONCE = 20
# The SDK would go on waiting for a broker that hangs for much longer than somebody waits.
_PATIENCE_SECONDS = 5
_PATIENCE_TO_ACT_SECONDS = 15  # more than an event itself waits for a driver in other hands
_AWAY = "The dead-letter queue, or the storage, cannot be reached just now. Nothing is lost: try again in a minute."


@page(blueprint, "GET", _OF_AN_OPERATOR, role=Role.READ)
async def dead_letters_page(visit: Visit) -> Shown:
    """Those that name the operator."""
    return await _listed(visit)


@page(blueprint, "POST", _OF_AN_OPERATOR + "/reprocess-passing", role=Role.ADMIN)
async def reprocess_passing(visit: Visit) -> Outcome:
    """Runs again what would pass now, a bounded number of them."""
    return await _all_that_pass(visit)


@page(blueprint, "POST", _OF_AN_OPERATOR + _ONE + "/reprocess", role=Role.ADMIN)
async def reprocess_one(visit: Visit) -> Outcome:
    """Runs one again."""
    return await _reprocessed(visit)


@page(blueprint, "POST", _OF_AN_OPERATOR + _ONE + "/discard", role=Role.ADMIN)
async def discard_one(visit: Visit) -> Outcome:
    """Removes one for good."""
    return await _discarded(visit)


@page(blueprint, "GET", _OF_ALL, role=Role.READ)
async def all_dead_letters_page(visit: Visit) -> Shown:
    """All of them, also those that name no operator."""
    return await _listed(visit)


@page(blueprint, "POST", _OF_ALL + "/reprocess-passing", role=Role.ADMIN)
async def reprocess_any_passing(visit: Visit) -> Outcome:
    """See `reprocess_passing`."""
    return await _all_that_pass(visit)


@page(blueprint, "POST", _OF_ALL + _ONE + "/reprocess", role=Role.ADMIN)
async def reprocess_any_one(visit: Visit) -> Outcome:
    """See `reprocess_one`."""
    return await _reprocessed(visit)


@page(blueprint, "POST", _OF_ALL + _ONE + "/discard", role=Role.ADMIN)
async def discard_any_one(visit: Visit) -> Outcome:
    """See `discard_one`."""
    return await _discarded(visit)


async def _listed(visit: Visit, results: list[dict[str, Any]] | None = None) -> Shown:
    _check_may_see(visit)
    query = {"limit": _SHOWN_AT_ONCE, "continuation": visit.query.get("continuation")}
    try:
        listed = await _asked(visit, _named(visit, "list_dead_letters", "list_all_dead_letters"), query=query)
    except StorageUnavailable:
        return _away(visit, results=results)
    operators = {each.gln: each.name for each in await wiring().directory.operators()}
    letters = [{**each, **in_words(each["body"], operators)} for each in listed["items"]]
    return _shown(visit, letters=letters, older=listed["continuation"], results=results)


def _shown(visit: Visit, **values: Any) -> Shown:
    usual: dict[str, Any] = {"letters": [], "older": None, "results": None, "away": None}
    values = {"base": _base(visit), "most": MOST_AT_ONCE, **usual, **values}
    return Shown(template="dead_letters.html", values=values)


def _away(visit: Visit, *, results: list[dict[str, Any]] | None = None) -> Shown:
    """Said at once, without waiting for the queue once more. No failure of the page: htmx would not show that."""
    return _shown(visit, away=_AWAY, results=results)


async def _reprocessed(visit: Visit) -> Outcome:
    _check_may_see(visit)
    number = visit.path["sequenceNumber"]
    try:
        fault = await _run_again(visit, number)
    except StorageUnavailable:
        return _away(visit)
    said = f"!Dead letter {number}: {fault}" if fault else f"Dead letter {number} was carried out."
    return Done(to=_base(visit), said=said)


async def _discarded(visit: Visit) -> Outcome:
    from shared.contracts import DeadLetterHeld

    _check_may_see(visit)
    number = visit.path["sequenceNumber"]
    endpoint = _named(visit, "discard_dead_letter", "discard_any_dead_letter")
    try:
        await _asked(visit, endpoint, number=number)
    except DeadLetterHeld:
        return Done(to=_base(visit), said=f"!Dead letter {number} is in other hands just now: discard it in a minute.")
    except StorageUnavailable:
        return _away(visit)
    return Done(to=_base(visit), said=f"Dead letter {number} is discarded. The log keeps it.")


async def _all_that_pass(visit: Visit) -> Outcome:
    """One after the other, so that two events of one driver do not meet; what each came to is on the answer."""
    from shared.contracts import DeadLetterUnknown

    _check_may_see(visit)
    endpoint = _named(visit, "list_dead_letters", "list_all_dead_letters")
    results: list[dict[str, Any]] = []
    try:
        listed = await _asked(visit, endpoint, query={"limit": str(LOOKED_THROUGH)})
        passing = [each["sequenceNumber"] for each in listed["items"] if each["passing"]]
        for number in passing[::-1][:MOST_AT_ONCE]:  # the oldest first, as they came
            try:
                fault = await _run_again(visit, number)
            except DeadLetterUnknown:
                fault = "it is not there any more: it was carried out or discarded meanwhile"
            results.append({"number": number, "fault": fault})
    except StorageUnavailable:
        return _away(visit, results=results)
    return await _listed(visit, results)


async def _run_again(visit: Visit, number: str) -> str | None:
    """Why it was not carried out, None if it was. Raises DeadLetterUnknown, StorageUnavailable."""
    endpoint = _named(visit, "reprocess_dead_letter", "reprocess_any_dead_letter")
    try:
        answer = await _asked(visit, endpoint, number=number)
    except RowConflict:
        return "somebody else changed the driver at the same moment: run it again"
    return f"it still fails: {answer['fault']}" if answer["fault"] else None


async def _asked(
    visit: Visit, endpoint: str, *, number: str | None = None, query: Mapping[str, str | None] | None = None
) -> Any:
    """What the API answers of all, or of one `number` that it acts on. Raises StorageUnavailable also where nobody
    answers in time.
    """
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS if number is None else _PATIENCE_TO_ACT_SECONDS):
            return await ask(visit, endpoint, path={"sequenceNumber": number} if number else None, query=query)
    except TimeoutError as error:
        raise StorageUnavailable(detail="the dead-letter queue does not answer") from error


def _named(visit: Visit, of_an_operator: str, of_all: str) -> str:
    return of_an_operator if visit.known_operator else of_all


def _base(visit: Visit) -> str:
    return f"/integrations/{visit.gln}/dead-letters" if visit.known_operator else "/dead-letters"


def _check_may_see(visit: Visit) -> None:
    """The list of all is for who may see every operator."""
    if visit.known_operator is None and visit.person.glns is not None:
        raise NotFound("page of all dead letters for you")
