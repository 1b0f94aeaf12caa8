"""Where a line's session was."""

from datetime import datetime

from shared.billing import NO_SITE
from shared.operators import Operator, Site
from shared.sessions import Catalogue


async def path_of(site_id: int, *, at: datetime, operator: Operator, catalogue: Catalogue) -> tuple[Site, ...]:
    """The line's site as in force at `at`, the one above it, and so on; empty if it has none that is known."""
    if site_id == NO_SITE:
        return ()
    return await catalogue.site_path_at(operator.gln, site_id, at)
