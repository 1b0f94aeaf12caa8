"""Use case: may this tag charge here? Answered while a driver stands at the charger."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.identifiers import OperatorHome
from shared.operators import Access, Charger, Operator, Site, inherited_access

from .claim import Drivers
from .driver import Driver
from .holder import holder_among_claimants
from .token import normalised


class Refusal(StrEnum):
    """Why not, in the charging platform's words."""

    UNKNOWN_CHARGER = "UNKNOWN_CHARGER_ID"
    UNKNOWN_TAG = "UNKNOWN_RFID_TAG_ID"
    EXPIRED_TAG = "EXPIRED_RFID_TAG_ID"
    UNAUTHORIZED_TAG = "UNAUTHORIZED_RFID_TAG_ID"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`refusal` is None if charging is allowed; `explanation` is for customer service."""

    refusal: Refusal | None
    external_id: str | None
    explanation: str

    @property
    def allowed(self) -> bool:
        """Whether charging is allowed."""
        return self.refusal is None


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Whom the last yes for a tag at a charger was for."""

    external_id: str
    at: datetime


class Permissions(Protocol):
    """The last yes for each tag and charger. Everything raises StorageUnavailable."""

    async def permission(self, *, home: OperatorHome, charger_id: str, tag: str) -> Permission | None:
        """One point read."""
        ...

    async def remember(self, *, home: OperatorHome, charger_id: str, tag: str, permission: Permission) -> None:
        """One write, over whatever was there."""
        ...


class Places(Protocol):
    """Chargers and sites; answers may be up to 30 s old."""

    async def charger(self, gln: str, charger_id: str) -> Charger | None:
        """The charger, None if it was never heard of."""
        ...

    async def site_path_at(self, gln: str, site_id: int, at: datetime) -> tuple[Site, ...]:
        """The site as in force at `at`, the one above it, and so on."""
        ...


async def authorize(
    *, operator: Operator, places: Places, drivers: Drivers, charger_id: str, tag: str, now: datetime
) -> Verdict:
    """Whether `tag` may charge at the charger now. Reads the tag's claims and its driver afresh, writes nothing.

    Allowed: every site that is not private, and the site at which the driver is placed with all below it.
    Raises StorageUnavailable.
    """
    charger = await places.charger(operator.gln, charger_id)
    if charger is None:
        return Verdict(
            refusal=Refusal.UNKNOWN_CHARGER,
            external_id=None,
            explanation=f"charger {charger_id} was never heard of: enter it, or let it send a message",
        )
    holder, others = await holder_among_claimants(drivers=drivers, home=operator.home, tag=tag, at=now)
    if holder is None:
        return _not_held(others, tag, now)
    return await _at_charger(operator, places, charger, holder, now)


async def _at_charger(operator: Operator, places: Places, charger: Charger, holder: Driver, now: datetime) -> Verdict:
    path = await places.site_path_at(operator.gln, charger.site_id, now) if charger.site_id is not None else ()
    placed_at = holder.placed_at(product_site_id=operator.product_site_id(holder.product_code))
    where = "nowhere in particular" if placed_at is None else f"at site {placed_at}"
    if inherited_access(path) is Access.PRIVATE and placed_at not in {site.site_id for site in path}:
        return Verdict(
            refusal=Refusal.UNAUTHORIZED_TAG,
            external_id=holder.external_id,
            explanation=f"site {charger.site_id} is private and the driver is placed {where}",
        )
    return Verdict(refusal=None, external_id=holder.external_id, explanation="allowed")


def _not_held(claimants: list[Driver], tag: str, now: datetime) -> Verdict:
    for driver in claimants:
        if any(token.tag == normalised(tag) and token.ended_by(now) for token in driver.tokens):
            return Verdict(
                refusal=Refusal.EXPIRED_TAG,
                external_id=driver.external_id,
                explanation=f"{tag} was driver {driver.external_id}'s and is no longer",
            )
    if claimants:
        return Verdict(
            refusal=Refusal.UNKNOWN_TAG,
            external_id=claimants[0].external_id,
            explanation=f"{tag} will be driver {claimants[0].external_id}'s and is not yet",
        )
    return Verdict(refusal=Refusal.UNKNOWN_TAG, external_id=None, explanation=f"no driver ever had {tag}")
