"""The whole story of a session, a transaction or an accounting point."""

import azure.functions as func

from functions.pages.correction_halves import halves_of
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.printed_text import printed_text
from functions.pages.visit import Shown, Visit
from functions.problems import NotFound
from shared.billing import is_credit
from shared.wiring import wiring

blueprint = func.Blueprint()


@page(blueprint, "GET", "integrations/{gln}/story/{reference}", role=Role.READ)
async def story_page(visit: Visit) -> Shown:
    """One time line, oldest first."""
    reference = visit.path["reference"]
    try:
        reference.encode()
    except UnicodeEncodeError:
        raise NotFound("story of what the path names") from None
    chronicle = await wiring().chronicler.chronicle(home=visit.operator.home, reference=reference)
    if chronicle is None:
        raise NotFound(f"session, transaction or accounting point {reference}, and no log entry of it")
    values = {"chronicle": chronicle, "printed": printed_text, "is_credit": is_credit, "now": visit.now}
    values["corrections"] = halves_of(chronicle.story) if chronicle.story else []
    return Shown(template="story.html", values=values)
