"""Which of a list's sessions are somebody's: looked through, for no index has those by driver that are no lines."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from functions.pages.visit import Visit
from shared.drivers import Driver, normalised
from shared.wiring import wiring

LOOKED_THROUGH: Final = 200
"""So many sessions are read at once to find somebody's among them."""
_LONGEST = 100


def whose_of(visit: Visit) -> str:
    """The accounting point or tag that is asked for, without halves of surrogate pairs; empty: everybody's."""
    return visit.query.get("whose", "").strip()[:_LONGEST].encode(errors="replace").decode()


async def those_of(visit: Visit, whose: str, sessions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of an accounting point, or of a tag in any case. Raises StorageUnavailable."""
    stored = await wiring().drivers.driver(home=visit.operator.home, external_id=whose)
    driver = stored.value if stored else None
    return [each for each in sessions if _is_of(each, whose, driver)]


def _is_of(session: Mapping[str, Any], whose: str, driver: Driver | None) -> bool:
    start, said = session["start"], session["stop"] or session["start"]
    if said and normalised(said["tag"]) == normalised(whose):
        return True
    owner = session["externalId"] or session["authorizedFor"] or (start and start["heldBy"])
    if owner:
        return bool(owner == whose)
    if driver is None or not said:
        return False
    return driver.token_at(tag=said["tag"], instant=datetime.fromisoformat(said["startedAt"])) is not None
