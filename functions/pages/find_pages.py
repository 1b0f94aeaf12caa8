"""One search for whatever a name stands for: straight on where it is one thing alone."""

from dataclasses import dataclass

import azure.functions as func

from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.segment import segment
from functions.pages.visit import Done, Shown, Visit
from shared.drivers import Driver
from shared.logbook import LogQuery, search_back
from shared.sessions import Known
from shared.wiring import wiring

blueprint = func.Blueprint()
_LONGEST = 100


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something that has the name, and where it is shown."""

    kind: str
    name: str
    told: str
    address: str


@page(blueprint, "GET", "integrations/{gln}/find", role=Role.READ)
async def find_page(visit: Visit) -> Shown | Done:
    """What has the name `q`."""
    name = visit.query.get("q", "")
    fault = _fault(name)
    if not name or fault:
        return Shown(template="find.html", values={"q": name, "fault": fault, "hits": [], "is_in_log": False})
    services = wiring()
    known = await services.finding.find(home=visit.operator.home, name=name, now=visit.now)
    hits = _hits(visit, name, known)
    if len(hits) == 1:
        return Done(to=hits[0].address)
    heard = await search_back(
        logbook=services.logbook, home=visit.operator.home, query=LogQuery(reference_id=name), limit=1
    )
    values = {"q": name, "fault": None, "hits": hits, "is_in_log": bool(heard.entries)}
    return Shown(template="find.html", values=values)


def _fault(name: str) -> str | None:
    if len(name) > _LONGEST:
        return f"Nothing here has a name of more than {_LONGEST} characters: copy only the id itself."
    try:
        name.encode()
    except UnicodeEncodeError:
        return "Nothing here has such characters in its name."
    return None


def _hits(visit: Visit, name: str, known: Known) -> list[Hit]:
    below = f"/integrations/{visit.gln}"
    hits = []
    if known.session is not None:
        told = f"{known.session.status}{f' for {known.session.held_for}' if known.session.held_for else ''}"
        hits.append(Hit(kind="Session", name=name, told=told, address=_story(below, name)))
    elif known.line is not None:
        told = f"a line of session {known.line.session_id}"
        hits.append(Hit(kind="Transaction", name=name, told=told, address=_story(below, name)))
    hits += [
        Hit(
            kind="Driver",
            name=driver.external_id,
            told=_told_of(driver, name, visit),
            address=f"{below}/drivers/{segment(driver.external_id)}",
        )
        for driver in known.drivers
    ]
    if known.charger is not None:
        site = known.charger.site_id
        told = "at no known site" if site is None else f"at site {site}"
        address = f"{below}/chargers/{segment(known.charger.charger_id)}"
        hits.append(Hit(kind="Charger", name=known.charger.charger_id, told=told, address=address))
    return hits + [
        Hit(kind="Session", name=each, told=f"held: nobody has tag {name}", address=_story(below, each))
        for each in known.waiting
    ]


def _told_of(driver: Driver, name: str, visit: Visit) -> str:
    if driver.external_id == name:
        return "the accounting point itself"
    return f"{'has' if driver.token_at(tag=name, instant=visit.now) else 'had or will have'} tag {name}"


def _story(below: str, reference: str) -> str:
    return f"{below}/story/{segment(reference)}"
