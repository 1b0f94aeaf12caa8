"""The Drivers tab: who may charge, with which tags, and why somebody was refused."""

import asyncio
from datetime import timedelta
from typing import Any

import azure.functions as func

from functions.driver_document import driver_document
from functions.pages.ask import ask
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.segment import segment
from functions.pages.tag_refusals import in_words
from functions.pages.visit import Done, Shown, Visit
from functions.problems import NotFound
from shared.all_of import all_of
from shared.drivers import Driver, authorize, normalised
from shared.operators import Site, in_effect, path_in_force
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "integrations/{gln}/drivers"
REFUSALS_SINCE = timedelta(days=14)
_MOST_REFUSALS = 10
_LINES = "25"
_LONGEST = 100


@page(blueprint, "GET", _ROUTE, role=Role.READ)
async def drivers_page(visit: Visit) -> Shown | Done:
    """Looks a driver up by accounting point or tag; the only one found is shown at once."""
    wanted = _asked(visit, "q")
    found = await _found(visit, wanted) if wanted else []
    if len(found) == 1:
        return Done(to=_address(visit, found[0].external_id))
    drivers = [{"driver": each, "document": _document(visit, each)} for each in found]
    return Shown(
        template="drivers.html",
        values={"wanted": wanted, "drivers": drivers, "normalised": normalised, "now": visit.now},
    )


@page(blueprint, "GET", _ROUTE + "/{externalId}", role=Role.READ)
async def driver_page(visit: Visit) -> Shown:
    """A driver: contract, place, tags, lines, and why it was refused lately."""
    external_id = visit.path["externalId"]
    stored = await wiring().drivers.driver(home=visit.operator.home, external_id=external_id)
    if stored is None:
        raise NotFound(f"driver {external_id}")
    driver = stored.value
    document = _document(visit, driver)
    lines, refusals, site = await asyncio.gather(
        ask(
            visit,
            "list_transactions",
            query={
                "transactionOwnerId": external_id,
                "limit": _LINES,
                "continuation": visit.query.get("continuation"),
            },
        ),
        _refusals(visit, driver),
        _site(visit, driver),
    )
    values = {
        "driver": driver,
        "document": document,
        "site": site,
        "lines": lines,
        "refusals": refusals,
        "since": visit.now - REFUSALS_SINCE,
        "is_older_part": "continuation" in visit.query,
        "now": visit.now,
    }
    return Shown(template="driver.html", values=values)


@page(blueprint, "GET", "integrations/{gln}/may-charge", role=Role.READ)
async def may_charge_page(visit: Visit) -> Shown:
    """Answers, as the charging platform is answered, whether a tag may charge at a charger now. Writes nothing."""
    tag, charger_id = _asked(visit, "tag"), _asked(visit, "charger")
    values: dict[str, Any] = {"tag": tag, "charger_id": charger_id, "verdict": None, "words": None}
    if tag and charger_id:
        services = wiring()
        verdict = await authorize(
            operator=visit.operator,
            places=services.directory,
            drivers=services.drivers,
            charger_id=charger_id,
            tag=tag,
            now=visit.now,
        )
        charger = await services.directory.charger(visit.gln, charger_id)
        site_id = charger.site_id if charger else None
        path = await services.directory.site_path_at(visit.gln, site_id, visit.now) if site_id is not None else ()
        values |= {
            "verdict": verdict,
            "words": None if verdict.allowed else in_words(verdict.refusal),
            "charger": charger,
            "effect": in_effect(path) if path else None,
        }
    return Shown(template="may_charge.html", values=values)


async def _found(visit: Visit, wanted: str) -> list[Driver]:
    """The driver of the accounting point, and all who ever said that the tag is theirs: point reads."""
    drivers, home = wiring().drivers, visit.operator.home
    itself, claims = await asyncio.gather(
        drivers.driver(home=home, external_id=wanted), drivers.claims(home=home, tag=normalised(wanted))
    )
    claimants = [claim.external_id for claim in reversed(claims.value.claims)] if claims else []
    others = await all_of(drivers.driver(home=home, external_id=each) for each in claimants if each != wanted)
    holders = [each.value for each in others if each is not None and each.value.ever_held(tag=wanted)]
    now_first = sorted(holders, key=lambda each: each.token_at(tag=wanted, instant=visit.now) is None)
    return [*([itself.value] if itself else []), *now_first]


async def _refusals(visit: Visit, driver: Driver) -> list[dict[str, Any]]:
    """The last times that a charger was told no for the driver, or for one of its tags before that was its own."""
    tags = {name for token in driver.tokens for name in (token.uid, token.uid.upper(), token.uid.lower())}
    since = (visit.now - REFUSALS_SINCE).isoformat()
    found = await all_of(
        ask(
            visit,
            "list_logs",
            query={
                "referenceId": reference,
                "action": "authorization-refused",
                "from": since,
                "limit": str(_MOST_REFUSALS),
            },
        )
        for reference in sorted({driver.external_id, *tags})
    )
    entries = sorted((entry for part in found for entry in part["items"]), key=lambda each: each["at"], reverse=True)
    return [_refusal(entry) for entry in entries[:_MOST_REFUSALS]]


def _refusal(entry: dict[str, Any]) -> dict[str, Any]:
    refusal, _, explanation = entry["message"].partition(": ")
    asked = entry["payload"] if isinstance(entry["payload"], dict) else {}
    return {
        "at": entry["at"],
        "id": entry["id"],
        "words": in_words(refusal),
        "explanation": explanation,
        "asked": asked,
    }


def _document(visit: Visit, driver: Driver) -> dict[str, Any]:
    return driver_document(driver, operator=visit.operator, now=visit.now)


def _asked(visit: Visit, name: str) -> str:
    """What was asked for, without halves of surrogate pairs: nothing can be looked up by those."""
    return visit.query.get(name, "")[:_LONGEST].encode(errors="replace").decode()


async def _site(visit: Visit, driver: Driver) -> Site | None:
    """The site at which the driver is placed, if it is known."""
    site_id = driver.placed_at(product_site_id=visit.operator.product_site_id(driver.product_code))
    if site_id is None:
        return None
    path = await path_in_force(store=wiring().sites, gln=visit.gln, site_id=site_id, at=visit.now)
    return path[0] if path else None


def _address(visit: Visit, external_id: str) -> str:
    return f"/integrations/{visit.gln}/drivers/{segment(external_id)}"
