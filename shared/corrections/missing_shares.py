"""Use case: which lines went without their revenue share's id, and what a correction would set."""

from dataclasses import dataclass
from datetime import datetime

from shared.billing import CostedLine
from shared.clock import Clock
from shared.operators import Operator, Site
from shared.sessions import Catalogue, Lines, LineWithDelivery

from .places import path_of
from .revenue_share import share_of_corrected


@dataclass(frozen=True, kw_only=True)
class MissingShare:
    """A line without the id, its site as it is now, and the id that a correction would set, None if there is none."""

    found: LineWithDelivery
    site: Site | None
    offered: int | None


@dataclass(frozen=True, kw_only=True)
class MissingShares:
    """Lists them. Changes nothing: a line is corrected by a person."""

    lines: Lines
    catalogue: Catalogue
    clock: Clock

    async def listed(
        self,
        *,
        operator: Operator,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int,
        continuation: str | None,
    ) -> tuple[list[MissingShare], str | None]:
        """Lines in force of sessions that ended from `since` on and before `until`, newest end first.

        Raises ContinuationUnreadable, StorageUnavailable.
        """
        found, after = await self.lines.missing_shares(
            home=operator.home, since=since, until=until, limit=limit, continuation=continuation
        )
        return [await self._with_offer(operator, each) for each in found], after

    async def is_missing(self, *, operator: Operator, transaction_id: str) -> bool:
        """Whether this line went without the id, be it in force or not. False without such a line.

        Raises StorageUnavailable.
        """
        found = await self.lines.line(home=operator.home, transaction_id=transaction_id)
        return found is not None and isinstance(found.line, CostedLine) and found.line.revenue_share_missing

    async def _with_offer(self, operator: Operator, found: LineWithDelivery) -> MissingShare:
        line = found.line
        assert isinstance(line, CostedLine)  # noqa: S101  no other has a share
        now = self.clock.now()
        share = await share_of_corrected(
            line, started_at=line.started_at, operator=operator, catalogue=self.catalogue, now=now
        )
        path = await path_of(line.site_id, at=now, operator=operator, catalogue=self.catalogue)
        return MissingShare(
            found=found,
            site=path[0] if path else None,
            offered=share.revenue_share_id if share is not None and share.enabled else None,
        )
