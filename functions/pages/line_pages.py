"""A line: what it charges and why, how far it has come, what was sent, what follows it."""

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.pages.correction_halves import Halves, halves_of
from functions.pages.delivery_words import WORDS
from functions.pages.explained import elements_of
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Shown, Visit
from functions.problems import NotFound
from functions.transaction_document import transaction_document
from shared.billing import CostedLine, Line, credit_of, is_credit
from shared.json_documents import print_json, read_json
from shared.sessions import LineWithDelivery, Power, Story, power_of
from shared.wiring import wiring

if TYPE_CHECKING:
    from markupsafe import Markup

    from functions.pages.formats import Formats

blueprint = func.Blueprint()


@page(blueprint, "GET", "integrations/{gln}/deliveries/{transactionId}", role=Role.READ)
async def line_page(visit: Visit) -> Shown:
    """The line of this id, with the others of its session. One read of what is stored of the session."""
    from functions.pages.formats import formats_of

    transaction_id = visit.path["transactionId"]
    story = await wiring().sessions.story_of_line(home=visit.operator.home, transaction_id=transaction_id)
    if story is None:
        raise NotFound(f"transaction {transaction_id}")
    line = next(each for each in story.lines if each.transaction_id == transaction_id)
    delivery = next(each for each in story.deliveries if each.transaction_id == transaction_id)
    document: dict[str, Any] = transaction_document(LineWithDelivery(line=line, delivery=delivery))
    power = power_of(line, story=story, timezone=visit.operator.timezone)
    tariff_id = line.report.tariff_id if isinstance(line, CostedLine) and line.report else None
    credit, in_force = credit_of(story.lines, line), story.line_in_force
    values = {
        "line": document,
        "delivery": document["delivery"],
        "words": WORDS[delivery.state],
        "session_id": story.session_id,
        "is_credit": is_credit(line),
        "is_metered": not isinstance(line, CostedLine),
        "is_in_force": in_force is line,
        "in_force": in_force.transaction_id if in_force else None,
        "credited_by": credit.transaction_id if credit else None,
        "replaced_by": _replaced_by(line, story),
        "corrections": _corrections(transaction_id, story),
        "share_missing": isinstance(line, CostedLine) and line.revenue_share_missing,
        "tariff_id": tariff_id,
        "elements": await elements_of(visit, tariff_id=tariff_id, started_at=line.started_at),
        "explanation": line.report.lines() if isinstance(line, CostedLine) and line.report else [],
        "attempts": [each for each in story.attempts if each.transaction_id == transaction_id],
        "sent": print_json(read_json(delivery.payload), indent=2),
        "decisions": story.session.value.decisions if story.session else (),
        "plot": _plot(power, document, formats_of(visit.operator)),
        "power": power,
    }
    return Shown(template="line.html", values=values)


def _replaced_by(line: Line, story: Story) -> str | None:
    """The corrected line in its place, None if there is none."""
    found = (each for each in story.lines if not is_credit(each) and each.credit_reference == line.transaction_id)
    return next((each.transaction_id for each in found), None)


def _corrections(transaction_id: str, story: Story) -> list[Halves]:
    """Those of which the line is a part."""
    return [
        each
        for each in halves_of(story)
        if transaction_id in {each.corrected, each.credit.transaction_id, each.new.transaction_id}
    ]


def _plot(power: tuple[Power, ...], document: dict[str, Any], formats: "Formats") -> "Markup | None":
    """Power over the session, and beside it the price of energy; None where neither is known."""
    from functions.pages.plots import PlottedStep, steps

    if not power:
        return None
    prices = [
        PlottedStep(since=period["start"], until=period["end"], value=part["unitPrice"])
        for period in document["breakdown"]
        for part in period.get("dimensions", ())
        if part["dimension"] == "ENERGY" and period["end"] > period["start"]
    ]
    return steps(
        title="Average power by quarter hours in kW, and the price of a kWh; the tables have the figures",
        one=[
            PlottedStep(since=each.since, until=each.until, value=each.kw, told=_told(each, formats)) for each in power
        ],
        two=prices,
        labels=(formats.short(power[0].since), formats.short(power[-1].until)),
        number=lambda value: formats.number(round(value, 2)),
    )


def _told(power: Power, formats: "Formats") -> str:
    shown = formats.number(round(power.kw, 2))
    return f"{formats.short(power.since)}: {shown} kW\n{formats.utc_span(power.since, power.until)}"
