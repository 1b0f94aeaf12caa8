"""Use case: what waited for the end of a blockade is delivered, the oldest first, at a bounded rate."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from shared.clock import Clock
from shared.faults import RowConflict
from shared.leases import Leases
from shared.one_of_many import one_of_many
from shared.operators import Operator
from shared.side_by_side import side_by_side

from .blockades import Blockades
from .lanes import ATTEMPTS_AT_ONCE, Lane
from .outbox import Agenda, DueItem
from .relay import Relay

# Whoever still took the operator for blocked when it was released has written that down by then.
LOOKED_AFTER_FOR = timedelta(minutes=5)
_log = logging.getLogger(__name__)


class KnownOperators(Protocol):
    """The operators' configuration, a few seconds old at most where it was changed elsewhere."""

    async def operator(self, gln: str) -> Operator | None:
        """The operator; None if there is none."""
        ...

    async def operators(self) -> list[Operator]:
        """All of them."""
        ...


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """Works off what an operator's blockade has left. What was just written does not wait for it: see `Lanes`."""

    agenda: Agenda
    relay: Relay
    blockades: Blockades
    operators: KnownOperators
    leases: Leases
    clock: Clock

    async def work_off(self, gln: str) -> int:
        """Tries each delivery that is blocked once, unless the operator is blocked (again), and says how many those
        were. Alone, over all instances: 0 if somebody else is at it. Raises StorageUnavailable.
        """
        async with self.leases.held(f"backlog-of-{gln}") as is_ours:
            operator = await self.operators.operator(gln) if is_ours else None
            if operator is None:
                return 0

            async def deliver(item: DueItem) -> None:
                await self._deliver(gln, item)

            done = await side_by_side(self._as_long_as_released(operator), deliver, at_once=ATTEMPTS_AT_ONCE)
            if not done:
                await self._close(gln)
            return done

    async def _as_long_as_released(self, operator: Operator) -> AsyncIterator[list[DueItem]]:
        async for items in self.agenda.blocked(home=operator.home):
            if await self.blockades.of(operator.gln) is not None:
                return
            yield items

    async def _deliver(self, gln: str, item: DueItem) -> None:
        with one_of_many(str(item.transaction_id), gln=gln, reference=item.transaction_id, log=_log):
            operator = await self.operators.operator(gln)
            if operator is not None and item.transaction_id is not None:
                await self.relay.deliver(
                    operator=operator,
                    session_id=item.session_id,
                    transaction_id=item.transaction_id,
                    lane=Lane.BACKLOG,
                )

    async def _close(self, gln: str) -> None:
        stored = await self.blockades.find(gln)
        if stored is None or stored.value.released_at is None or stored.value.is_worked_off:
            return
        if self.clock.now() - stored.value.released_at >= LOOKED_AFTER_FOR:
            try:
                await self.blockades.worked_off(stored)
            except RowConflict:
                _log.info("operator %s was blocked anew", gln, extra={"gln": gln})
