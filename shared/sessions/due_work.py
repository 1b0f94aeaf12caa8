"""Use case: what is due is done: deliveries are tried again, held sessions settled if their cause has gone away."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Protocol

from shared.clock import Clock
from shared.delivery import Agenda, DueItem, Relay
from shared.faults import RowConflict, StorageUnavailable
from shared.operators import Operator

from .settlement import Settlement

_AT_ONCE = 8
_MOST = 5_000
_log = logging.getLogger(__name__)


class AllOperators(Protocol):
    """Where the list of operators comes from."""

    async def operators(self) -> list[Operator]:
        """All of them."""
        ...


@dataclass(frozen=True, kw_only=True)
class DueWork:
    """Goes through what is due, for each operator by itself: one operator's trouble slows no other's."""

    operators: AllOperators
    agenda: Agenda
    relay: Relay
    settlement: Settlement
    clock: Clock
    busy: set[str] = field(default_factory=set)
    """The operators for whom this process is at it."""

    async def run(self) -> int:
        """Does what is due now and says how much that was. With nothing due: one small query per operator and bucket.

        Called twice at the same time, each thing is done once; an operator for whom the earlier call is still at it is
        left to that one, so that nobody need wait for it. Raises StorageUnavailable if not even the operators are to be
        had.
        """
        everyone = await self.operators.operators()
        done = await asyncio.gather(
            *(self._run_for(operator) for operator in everyone if operator.gln not in self.busy)
        )
        return sum(done)

    async def _run_for(self, operator: Operator) -> int:
        self.busy.add(operator.gln)
        try:
            return await self._do_what_is_due(operator)
        finally:
            self.busy.discard(operator.gln)

    async def _do_what_is_due(self, operator: Operator) -> int:
        done = 0
        try:
            async for items in self.agenda.due(home=operator.home, now=self.clock.now()):
                await self._do_all(operator, items)
                done += len(items)
                if done >= _MOST:
                    break
        except StorageUnavailable as error:
            _log.warning("due work of operator %s waits for the next time: %s", operator.gln, error)
        return done

    async def _do_all(self, operator: Operator, items: list[DueItem]) -> None:
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def do(item: DueItem) -> None:
            async with at_once:
                await self._do(operator, item)

        async with asyncio.TaskGroup() as group:
            for item in items:
                group.create_task(do(item))

    async def _do(self, operator: Operator, item: DueItem) -> None:
        try:
            if item.transaction_id is None:
                await self.settlement.settle_again(operator=operator, session_id=item.session_id)
            else:
                await self.relay.deliver(
                    operator=operator, session_id=item.session_id, transaction_id=item.transaction_id
                )
        except RowConflict:
            _log.info("%s is being handled by somebody else", item.session_id)
        except StorageUnavailable as error:
            _log.warning("%s waits for the next time: %s", item.session_id, error)
        except Exception:  # noqa: BLE001  whatever is wrong with this one, the others are not to wait for it
            _log.exception("%s of operator %s cannot be done", item.session_id, operator.gln)
