"""Whose share a corrected line carries."""

from datetime import datetime

from shared.billing import CostedLine
from shared.operators import Operator, RevenueShare, inherited_revenue_share
from shared.sessions import Catalogue, is_share_missing

from .places import path_of


async def share_of_corrected(
    line: CostedLine, *, started_at: datetime, operator: Operator, catalogue: Catalogue, now: datetime
) -> RevenueShare | None:
    """That of the line's site as in force when the session started, from the nearest site above.

    Where that has no id: the one that the line has, else the one in force now. Raises StorageUnavailable.
    """
    then = await _share_at(line.site_id, at=started_at, operator=operator, catalogue=catalogue)
    if not is_share_missing(then):
        return then
    if line.revenue_share_id is not None:
        return RevenueShare(enabled=True, revenue_share_id=line.revenue_share_id)
    today = await _share_at(line.site_id, at=now, operator=operator, catalogue=catalogue)
    return today if today is not None and today.enabled and not is_share_missing(today) else then


async def _share_at(site_id: int, *, at: datetime, operator: Operator, catalogue: Catalogue) -> RevenueShare | None:
    return inherited_revenue_share(await path_of(site_id, at=at, operator=operator, catalogue=catalogue))
