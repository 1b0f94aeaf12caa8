"""A rehearsed comparison follows the series that is sent."""

from shared.billing import Line, MeteredLine
from shared.drivers import Drivers
from shared.sessions import Comparison, compared

from .corrected_line import Correcting
from .places import path_of


async def recompared(correcting: Correcting, *, line: Line, drivers: Drivers) -> Comparison | None:
    """The comparison as it is with the corrected series; None where the session was not compared.

    Raises StorageUnavailable.
    """
    operator, standing = correcting.operator, correcting.standing
    if standing.story.comparison is None or not isinstance(line, MeteredLine):
        return None
    driver = await drivers.driver(home=operator.home, external_id=line.owner)
    if driver is None:
        return None
    path = await path_of(line.site_id, at=line.started_at, operator=operator, catalogue=correcting.catalogue)
    return await compared(
        correcting.case,
        sent=line,
        driver=driver.value,
        site_id=line.site_id,
        path=path,
        catalogue=correcting.catalogue,
    )
