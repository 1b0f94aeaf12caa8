"""Use case: a planned import is carried out, each site as a new version from now on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from shared.faults import RowConflict, StorageUnavailable
from shared.json_documents import DocumentRefused

from .import_plan import ImportPlan, PlannedSite
from .put_site import put_site
from .register import Put, StaleDocument, VersionStore
from .site import Site

_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class NotImported:
    """A site that was not put, and why."""

    site_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What was put, and what was not. The same sheet can be imported again: what was put is then unchanged."""

    put: tuple[Put[Site], ...]
    not_put: tuple[NotImported, ...]


async def import_sites(*, plan: ImportPlan, gln: str, store: VersionStore[Site], now: datetime) -> Imported:
    """Puts the sites of a plan without faults, those above before those below, eight at a time.

    A site that was changed since the plan was made is left as it is; so is what storage does not take now.
    """
    put: list[Put[Site]] = []
    not_put: list[NotImported] = []
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(planned: PlannedSite) -> None:
        async with at_once:
            try:
                put.append(await _put(planned, gln, store, now))
            except StaleDocument:
                not_put.append(NotImported(site_id=planned.site_id, reason="it was changed by somebody else meanwhile"))
            except (DocumentRefused, RowConflict, StorageUnavailable) as error:
                not_put.append(NotImported(site_id=planned.site_id, reason=str(error)))

    for _, level in groupby(plan.in_order, key=lambda planned: planned.depth):
        await asyncio.gather(*(one(planned) for planned in level))
    return Imported(put=tuple(put), not_put=tuple(not_put))


async def _put(planned: PlannedSite, gln: str, store: VersionStore[Site], now: datetime) -> Put[Site]:
    return await put_site(
        gln=gln,
        site_id=planned.site_id,
        document=planned.document,
        valid_from=None,
        store=store,
        now=now,
        matches=_is(planned.revision),
    )


def _is(expected: str | None) -> Callable[[str | None], bool]:
    return lambda revision: revision == expected
