"""Many operators at a glance: how each stands, trouble first."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.delivery import Blockade
from shared.operators import Operator, State

from .needs import Need, needs, needs_known_at_once
from .standing import COUNTED_TO, Connection, Heard, Standing


class Stands(StrEnum):
    """How an operator stands, the worst first."""

    BLOCKED = "blocked"
    NEEDS_SOMEBODY = "needs somebody"
    LIVE = "live"
    REHEARSAL = "in rehearsal"


@dataclass(frozen=True, kw_only=True)
class Glance:
    """An operator, and what of it needs somebody; `is_counted`: also what waits for a decision was counted."""

    operator: Operator
    stands: Stands
    needs: tuple[Need, ...]
    is_counted: bool


def glance(*, operator: Operator, blockade: Blockade | None, now: datetime) -> Glance:
    """What is known without counting anything."""
    found = needs_known_at_once(operator=operator, blockade=blockade, now=now)
    return _glance(operator, blockade, found, is_counted=False)


async def counted_glance(
    *, connection: Connection, operator: Operator, blockade: Blockade | None, now: datetime
) -> Glance:
    """With what waits in the ledger, each counted up to `COUNTED_TO`; the log is not looked through. Raises
    StorageUnavailable.
    """
    home = operator.home
    lines, (held, conflicts), missing = await asyncio.gather(
        connection.deliveries.counts(home=home, at_most=COUNTED_TO),
        connection.store.sessions_for_a_person(home=home, most=COUNTED_TO),
        connection.store.missing_shares(home=home, most=COUNTED_TO),
    )
    standing = Standing(
        lines=lines,
        held=held,
        conflicts=conflicts,
        missing_shares=missing,
        has_driver=True,
        last_delivered=None,
        heard=Heard(since=now),
    )
    found = needs(operator=operator, standing=standing, blockade=blockade, now=now)
    return _glance(operator, blockade, found, is_counted=True)


def trouble_first(glances: Iterable[Glance]) -> list[Glance]:
    """Blocked ones, those that need somebody, urgent things before others, then the rest by name."""
    order = tuple(Stands)
    return sorted(
        glances,
        key=lambda each: (
            order.index(each.stands),
            not any(need.is_urgent for need in each.needs),
            each.operator.name.casefold(),
        ),
    )


def _glance(operator: Operator, blockade: Blockade | None, found: list[Need], *, is_counted: bool) -> Glance:
    if blockade is not None:
        stands = Stands.BLOCKED
    elif found:
        stands = Stands.NEEDS_SOMEBODY
    else:
        stands = Stands.LIVE if operator.state is State.LIVE else Stands.REHEARSAL
    return Glance(operator=operator, stands=stands, needs=tuple(found), is_counted=is_counted)
