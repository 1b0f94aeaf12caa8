"""Settings may name tariffs and sites that are not there yet: that is allowed, and said."""

import asyncio
from collections.abc import Iterable, Mapping

from functions.pages.ask import ask
from functions.pages.settings_form import Document, Form
from functions.pages.visit import Visit
from shared.all_of import all_of
from shared.operators import id_fault
from shared.wiring import wiring

OFFERED = "200"
_MOST_LOOKED_UP = 100
_SAID = {
    "defaultTariffId": "There is no such tariff: sessions that need it are held.",
    "defaultSiteId": "There is no such site yet: new drivers have access to public sites alone.",
    "tariffId": "There is no such tariff: sessions of this product are held.",
    "siteId": "There is no such site yet: drivers with this product have access to public sites alone.",
}


async def missing_of(visit: Visit, form: Form) -> dict[str, str]:
    """Fields that name what is not there, with what follows."""
    tariffs, sites = await asyncio.gather(
        ask(visit, "list_tariffs", query={"limit": OFFERED}), ask(visit, "list_sites", query={"limit": OFFERED})
    )
    return await missing_beside(visit, form, tariffs=tariffs, sites=sites)


async def missing_beside(visit: Visit, form: Form, *, tariffs: Document, sites: Document) -> dict[str, str]:
    """The same by lists that were read already. Where those were cut, what they lack is looked up, so much of it; of
    the rest nothing is said.
    """
    of_tariffs = {"defaultTariffId": form.texts.get("defaultTariffId", "")}
    of_sites = {"defaultSiteId": form.texts.get("defaultSiteId", "")}
    for place, row in enumerate(form.products):
        of_tariffs[f"products[{place}].tariffId"] = row.tariff_id
        of_sites[f"products[{place}].siteId"] = row.site_id
    not_there = await asyncio.gather(
        _not_there(visit, of_tariffs.values(), tariffs, "id"), _not_there(visit, of_sites.values(), sites, "siteId")
    )
    return {
        field: _SAID[field.rpartition(".")[2]]
        for named, missing in zip((of_tariffs, of_sites), not_there, strict=True)
        for field, text in named.items()
        if text in missing
    }


async def _not_there(visit: Visit, named: Iterable[str], listed: Mapping[str, object], member: str) -> set[str]:
    """Which of them nothing is stored of. What can be no id is told as a fault instead."""
    items: list[Document] = listed["items"]  # type: ignore[assignment]
    known = {str(each[member]) for each in items}
    unknown = [text for text in dict.fromkeys(named) if text and text not in known and _is_id(text, member)]
    if listed["continuation"] is None:
        return set(unknown)
    store = wiring().tariffs if member == "id" else wiring().sites
    looked_up = unknown[:_MOST_LOOKED_UP]
    found = await all_of(store.find(gln=visit.gln, entry_id=text) for text in looked_up)
    return {text for text, stored in zip(looked_up, found, strict=True) if stored is None}


def _is_id(text: str, member: str) -> bool:
    return id_fault(text) is None if member == "id" else text.isascii() and text.isdigit()
