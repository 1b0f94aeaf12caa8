"""Use case: what is due is done: deliveries are tried again, held sessions settled if their cause has gone away."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Protocol

from shared.clock import Clock
from shared.delivery import ATTEMPTS_AT_ONCE, Agenda, DueItem, Lane, Relay
from shared.faults import StorageUnavailable
from shared.one_of_many import one_of_many
from shared.operators import Operator
from shared.side_by_side import side_by_side

from .settlement import Settlement

_MOST = 5_000
_AGAIN_AFTER_SECONDS = 15
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

    async def run_until_nobody_is_busy(self, *, again_after_seconds: float = _AGAIN_AFTER_SECONDS) -> int:
        """The same, and while the work for one operator takes long, again and again for the others: whoever is the only
        one to do this must not let everybody wait for the slowest. Raises as `run` does.
        """
        runs = {asyncio.create_task(self.run(), name="doing what is due")}
        done = 0
        while runs:
            ended, runs = await asyncio.wait(runs, timeout=again_after_seconds, return_when=asyncio.FIRST_COMPLETED)
            for run in ended:
                try:
                    done += run.result()
                except StorageUnavailable as error:
                    if not runs:
                        raise
                    _log.warning("what is due waits for the next time: %s", error)
            if runs and not ended:
                runs.add(asyncio.create_task(self.run(), name="doing what is due meanwhile"))
        return done

    async def _run_for(self, operator: Operator) -> int:
        self.busy.add(operator.gln)
        try:
            return await self._do_what_is_due(operator)
        finally:
            self.busy.discard(operator.gln)

    async def _do_what_is_due(self, operator: Operator) -> int:
        async def do(item: DueItem) -> None:
            await self._do(operator, item)

        due = self.agenda.due(home=operator.home, now=self.clock.now())
        try:
            return await side_by_side(due, do, at_once=ATTEMPTS_AT_ONCE, most=_MOST)
        except StorageUnavailable as error:
            _log.warning(
                "due work of operator %s waits for the next time: %s", operator.gln, error, extra={"gln": operator.gln}
            )
            return 0

    async def _do(self, operator: Operator, item: DueItem) -> None:
        due = item.transaction_id or item.session_id
        with one_of_many(due, gln=operator.gln, reference=due, log=_log):
            if item.transaction_id is None:
                await self.settlement.settle_again(operator=operator, session_id=item.session_id)
            else:
                await self.relay.deliver(
                    operator=operator,
                    session_id=item.session_id,
                    transaction_id=item.transaction_id,
                    lane=Lane.BACKLOG,
                )
