"""Many operators at a glance: how each stands, trouble first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.delivery import Blockade
from shared.operators import Operator, State

from .needs import Need, needs_but_refusals, needs_known_at_once
from .standing import Connection


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
    waiting = await connection.waiting(operator)
    found = needs_but_refusals(operator=operator, waiting=waiting, blockade=blockade, now=now)
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
