"""What several pages ask of an operator's connection: how it stands, its keys, its checklist."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.pages.ask import ask
from functions.pages.visit import Visit
from functions.problems import NotFound
from shared.connection import Item, Known, Standing, checklist
from shared.delivery import Blockade
from shared.operators import Scope
from shared.wiring import wiring

_MOST_KEYS = "1000"
_MOST_SITES = "1000"


@dataclass(frozen=True, kw_only=True)
class Connected:
    """An operator's connection as it is stored now. `keys` are as the API has them, newest first, with `holds`."""

    standing: Standing
    blockade: Blockade | None
    keys: Sequence[dict[str, Any]]
    items: Sequence[Item]

    @property
    def missing(self) -> list[Item]:
        """What of the checklist is missing."""
        return [item for item in self.items if item.known is Known.MISSING]


async def connected(visit: Visit) -> Connected:
    """All of it, asked for at once."""
    services, operator = wiring(), visit.operator
    standing, blockade, keys, site_has_tariff, default_is_there = await asyncio.gather(
        services.connection.standing(operator),
        services.blockades.now_of(operator.gln),
        keys_of(visit),
        _site_has_tariff(visit),
        _default_tariff_is_there(visit),
    )
    items = checklist(
        operator=operator,
        standing=standing,
        blockade=blockade,
        scopes={Scope(key["scope"]) for key in keys if key["holds"]},
        site_has_tariff=site_has_tariff,
        default_tariff_is_there=default_is_there,
        topic=services.settings.contract_events_topic,
    )
    return Connected(standing=standing, blockade=blockade, keys=keys, items=items)


async def keys_of(visit: Visit) -> list[dict[str, Any]]:
    """The operator's keys; `holds` says whether each can be used now."""
    listed = await ask(visit, "list_api_keys", query={"limit": _MOST_KEYS})
    return [{**key, "holds": _holds(key, visit.now)} for key in listed["items"]]


def _holds(key: dict[str, Any], now: datetime) -> bool:
    until = key["validUntil"]
    return key["revokedAt"] is None and (until is None or datetime.fromisoformat(until) > now)


async def _site_has_tariff(visit: Visit) -> bool:
    """Where there is a default tariff it does not matter, and is not looked at."""
    if visit.operator.default_tariff_id is not None or not visit.operator.is_priced_here:
        return False
    listed = await ask(visit, "list_sites", query={"limit": _MOST_SITES})
    return any(site["tariffId"] for site in listed["items"])


async def _default_tariff_is_there(visit: Visit) -> bool:
    if visit.operator.default_tariff_id is None:
        return False
    try:
        await ask(visit, "get_tariff", path={"tariffId": visit.operator.default_tariff_id})
    except NotFound:
        return False
    return True
