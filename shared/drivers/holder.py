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


async def holder_among_claimants(
    *, drivers: Drivers, home: OperatorHome, tag: str, at: datetime
) -> tuple[Driver | None, list[Driver]]:
    """The driver who holds `tag` at `at`; and those looked at before, who had or will have it, the latest first.

    Without a holder, these are all. The present holder of a tag that went through many hands takes two point reads.
    """
    found = await drivers.claims(home=home, tag=normalised(tag))
    claims = found.value.claims if found else ()
    others: list[Driver] = []
    for claim in sorted(claims, key=lambda each: each.valid_from, reverse=True):
        stored = await drivers.driver(home=home, external_id=claim.external_id)
        if stored is not None and stored.value.token_at(tag=tag, instant=at):
            return stored.value, others
        if stored is not None and stored.value.ever_held(tag=tag):
            others.append(stored.value)
    return None, others
