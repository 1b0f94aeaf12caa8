"""Claims on tags: which drivers ever said that a tag is theirs. Who holds it is for the driver's own row to say."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry

from .driver import Driver
from .token import Token, TokenKind

# Longer than a claim, the reads before it and the driver's row after it can take while storage is slow.
PENDING = timedelta(seconds=120)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A driver's claim on a tag from `valid_from`, made just before the driver's row says so."""

    external_id: str
    valid_from: datetime
    claimed_at: datetime


@dataclass(frozen=True, kw_only=True)
class TagClaims:
    """All claims on one tag, the last made last."""

    claims: tuple[Claim, ...] = ()

    def with_claim(self, claim: Claim) -> "TagClaims":
        """These claims and `claim`, which replaces an earlier one of the same driver."""
        others = tuple(each for each in self.claims if each.external_id != claim.external_id)
        return TagClaims(claims=(*others, claim))


class Drivers(Protocol):
    """Where drivers and the claims on their tags lie. Everything raises StorageUnavailable, what writes RowConflict."""

    async def driver(self, *, home: OperatorHome, external_id: str) -> Stored[Driver] | None:
        """One point read."""
        ...

    async def record(
        self, *, home: OperatorHome, before: Stored[Driver] | None, driver: Driver, entry: LogEntry
    ) -> None:
        """The driver and the log entry that says why, at once, if the driver is still as it was `before`."""
        ...

    async def claims(self, *, home: OperatorHome, tag: str) -> Stored[TagClaims] | None:
        """One point read."""
        ...

    async def record_claims(
        self, *, home: OperatorHome, tag: str, before: Stored[TagClaims] | None, claims: TagClaims
    ) -> None:
        """The claims on a tag, if they are still as they were `before`."""
        ...


class TagInUse(Exception):
    """Another driver holds the tag now, or will."""

    def __init__(self, *, tag: str, external_id: str) -> None:
        super().__init__(f"{tag} is in use by driver {external_id}")
        self.tag = tag
        self.external_id = external_id


class ClaimPending(Exception):
    """Another driver has claimed the tag a moment ago and its row does not say so yet: try again shortly."""

    def __init__(self, *, tag: str, external_id: str) -> None:
        super().__init__(f"{tag} is being given to driver {external_id}")
        self.tag = tag
        self.external_id = external_id


async def claim_tag(*, drivers: Drivers, home: OperatorHome, token: Token, external_id: str, now: datetime) -> None:
    """Claims the token's tag for a driver whose row will say so next.

    The claim is written even where it stands already, so that of two drivers who claim at the same time one finds the
    other's. Raises TagInUse, ClaimPending, RowConflict.
    """
    found = await drivers.claims(home=home, tag=token.tag)
    claims = found.value if found else TagClaims()
    if token.kind is not TokenKind.VIRTUAL and not token.ended_by(now):
        for other in claims.claims:
            if other.external_id != external_id:
                await _refuse_if_held(drivers, home, token, other, now)
    claim = Claim(external_id=external_id, valid_from=token.valid_from, claimed_at=now)
    await drivers.record_claims(home=home, tag=token.tag, before=found, claims=claims.with_claim(claim))


async def _refuse_if_held(drivers: Drivers, home: OperatorHome, token: Token, other: Claim, now: datetime) -> None:
    holder = await drivers.driver(home=home, external_id=other.external_id)
    theirs = [each for each in holder.value.tokens if each.tag == token.tag] if holder else []
    if any(_overlap(token, each, since=now) for each in theirs):
        raise TagInUse(tag=token.uid, external_id=other.external_id)
    has_landed = any(each.valid_at(other.valid_from) for each in theirs)
    if not has_landed and now - other.claimed_at < PENDING:
        raise ClaimPending(tag=token.uid, external_id=other.external_id)


def _overlap(one: Token, other: Token, *, since: datetime) -> bool:
    start = max(one.valid_from, other.valid_from, since)
    return not one.ended_by(start) and not other.ended_by(start)
