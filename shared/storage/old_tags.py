"""Walk over claims on tags: those of drivers who have not had the tag for as long as lines are kept."""

from dataclasses import dataclass

from shared.drivers import Claim, TagClaims, normalised
from shared.identifiers import OperatorHome
from shared.retention import Limits, Walked

from .drivers import DRIVER, TAG_CLAIMS
from .removal import removed
from .rows import Change, Delete, Replace, Row, Rows, key_of, range_below

_PAGE = 200


@dataclass(frozen=True, kw_only=True)
class OldTagClaims:
    """See `shared.retention.Walk`. No session that is kept can ask for them: the driver's row says until when it had
    the tag, and is read for claims as old as that only. A part of all tags each night.
    """

    rows: Rows
    name: str = "claims on tags"
    pages_a_run: int | None = 5

    async def page(self, *, home: OperatorHome, partition: str, limits: Limits, position: str | None) -> Walked:
        """See `Walk.page`."""
        first, before = range_below("tag")
        found = await self.rows.query(partition=partition, first=position or first, before=before, limit=_PAGE)
        purged = sum([await self._purge(home, partition, row, limits) for row in found])
        is_over = len(found) < _PAGE
        return Walked(purged=purged, position=None if is_over else found[-1].key + "!", is_over=is_over)

    async def _purge(self, home: OperatorHome, partition: str, row: Row, limits: Limits) -> int:
        claims = TAG_CLAIMS.validate_json(row.text).claims
        old = [claim for claim in claims if await self._is_of_no_use(home, row, claim, limits)]
        if not old:
            return 0
        kept = tuple(claim for claim in claims if claim not in old)
        change: Change = Delete(key=row.key, version=row.version)
        if kept:
            text = TAG_CLAIMS.dump_json(TagClaims(claims=kept)).decode()
            change = Replace(key=row.key, text=text, version=row.version)
        return len(old) if await removed(self.rows, partition=partition, changes=[change]) is not None else 0

    async def _is_of_no_use(self, home: OperatorHome, row: Row, claim: Claim, limits: Limits) -> bool:
        if max(claim.claimed_at, claim.valid_from) >= limits.lines_before:
            return False
        partition = home.partition(claim.external_id)
        driver = await self.rows.read(partition=partition, key=key_of("driver", claim.external_id))
        if driver is None:
            return True
        tokens = DRIVER.validate_json(driver.text).tokens
        # By their keys, for of a long tag the key has only a part.
        theirs = [token for token in tokens if key_of("tag", normalised(token.uid)) == row.key]
        return all(token.ended_by(limits.lines_before) for token in theirs)
