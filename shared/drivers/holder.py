"""Who holds, or held, a tag."""

from datetime import datetime

from shared.identifiers import OperatorHome

from .claim import Drivers
from .driver import Driver
from .token import normalised


async def holder_of(*, drivers: Drivers, home: OperatorHome, tag: str, at: datetime) -> Driver | None:
    """The driver who held `tag` at `at`, None if nobody did.

    Two point reads for a tag that only one driver ever had. If two drivers' times overlap, because an event came late,
    the one who had it first counts until it ended.
    """
    found = await drivers.claims(home=home, tag=normalised(tag))
    holders: list[tuple[datetime, Driver]] = []
    for claim in found.value.claims if found else ():
        stored = await drivers.driver(home=home, external_id=claim.external_id)
        token = stored.value.token_at(tag=tag, instant=at) if stored else None
        if stored is not None and token is not None:
            holders.append((token.valid_from, stored.value))
    return min(holders, key=lambda each: each[0])[1] if holders else None


async def claimants_of(*, drivers: Drivers, home: OperatorHome, tag: str) -> list[Driver]:
    """Every driver who has, had or will have `tag`, the latest first."""
    found = await drivers.claims(home=home, tag=normalised(tag))
    claimants = []
    for claim in reversed(found.value.claims if found else ()):
        stored = await drivers.driver(home=home, external_id=claim.external_id)
        if stored is not None and stored.value.ever_held(tag=tag):
            claimants.append(stored.value)
    return claimants
