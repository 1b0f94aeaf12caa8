"""Use case: whether a blocked operator is accepted again is tried with one request, never with line after line."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from shared.background import Background
from shared.clock import Clock
from shared.faults import RowConflict, Stored
from shared.logbook import Logbook
from shared.one_of_many import one_of_many
from shared.operators import Operator, State

from .answer import Answer, Outbound, Outcome
from .backlog import Backlog, KnownOperators
from .blockade import Blockade, BlockKind
from .blockades import Blockades
from .outbox import Agenda
from .relay import SENDER_GIVEN_UP_AFTER, OperatorsNow, Relay

# Whoever found the refusal has written down by then that its delivery is blocked.
_SOMETHING_WAITS_AFTER = SENDER_GIVEN_UP_AFTER + timedelta(minutes=1)
_MOST_TRIED = 3
_TRIES_ANEW = 60
_LOOKED_AT_EVERY_SECONDS = 0.5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Probing:
    """Tries blockades: a refused credential with a request for a token, what Utility Cloud refused with the oldest
    line that waits. What is accepted releases the operator.
    """

    blockades: Blockades
    relay: Relay
    backlog: Backlog
    agenda: Agenda
    outbound: Outbound
    operators: KnownOperators
    operators_now: OperatorsNow
    logbook: Logbook
    background: Background
    clock: Clock

    async def run(self) -> None:
        """Looks after every blockade: what is in force is tried if it is time, what is over is worked off in the
        background, and the log is told what it was not told. One small query if there is none.

        One operator's trouble is not another's. Raises StorageUnavailable if not even the blockades are to be had.
        """
        found = await self.blockades.every()
        await asyncio.gather(*(self._look_after(gln, stored) for gln, stored in found.items()))

    def start(self, gln: str) -> None:
        """Tries the operator's blockade at once, in the background; nothing happens if it is not blocked."""
        self.background.start(self._try_anew(gln), name=f"trying whether operator {gln} is still refused")

    async def probe(self, gln: str) -> bool:
        """Tries the operator's blockade now, if there is one, and says whether the operator is free.

        Raises StorageUnavailable.
        """
        stored = await self.blockades.find(gln)
        if stored is None or not stored.value.is_in_force:
            return True
        return bool(await self._probe(stored))

    async def _try_anew(self, gln: str) -> None:
        """Whoever is at it already may have begun with what was just changed: then once more after that."""
        for _ in range(_TRIES_ANEW):
            stored = await self.blockades.find(gln)
            if stored is None or not stored.value.is_in_force:
                return
            try:
                if await self._probe(stored) is not None:
                    return
            except RowConflict:
                _log.info("the blockade of operator %s was changed meanwhile", gln, extra={"gln": gln})
            await asyncio.sleep(_LOOKED_AT_EVERY_SECONDS)

    async def _look_after(self, gln: str, stored: Stored[Blockade]) -> None:
        blockade = stored.value
        with one_of_many("the blockade", gln=gln, log=_log):
            if blockade.untold:
                operator = await self.operators.operator(gln)
                if operator is not None:
                    stored = await self.blockades.tell(stored, operator=operator)
            if not blockade.is_in_force:
                if not blockade.is_worked_off:
                    self.background.start(self._work_off(gln), name=f"working off what waited for operator {gln}")
            elif blockade.is_to_be_probed(now=self.clock.now()):
                await self._probe(stored)

    async def _probe(self, stored: Stored[Blockade]) -> bool | None:
        """Whether the operator is free; None if somebody else is trying that."""
        gln = stored.value.gln
        known = await self.operators_now.find(gln=gln)
        if known is None or known.value.state is State.REHEARSAL:
            return False
        taken = await self.blockades.begin_probe(stored)
        if taken is None:
            return None
        kind, reason, because = await self._tried(known.value, taken.value)
        if because is None:
            await self.blockades.keep(taken, kind=kind, reason=reason)
            return False
        await self.blockades.release(taken, operator=known.value, because=because)
        self.background.start(self._work_off(gln), name=f"working off what waited for operator {gln}")
        return True

    async def _tried(self, operator: Operator, blockade: Blockade) -> tuple[BlockKind, str, str | None]:
        """What is refused and why, and if nothing is, what shows that."""
        if blockade.kind is BlockKind.TOKEN:
            answer: Answer | None = await self.outbound.ask_for_token(operator=operator, reference_id=blockade.found_by)
            for entry in answer.entries if answer else ():
                await self.logbook.write(home=operator.home, entry=entry)
            what = "a token"
        else:
            tried = await self._oldest(operator)
            if tried is None and self.clock.now() - blockade.since > _SOMETHING_WAITS_AFTER:
                return blockade.kind, blockade.reason, "nothing waits any more; the next line will show"
            what, answer = tried or ("", None)
        if answer is None:
            return blockade.kind, blockade.reason, None
        if answer.outcome in {Outcome.ARRIVED, Outcome.REFUSED}:
            return blockade.kind, blockade.reason, f"{what} was tried: {answer.explanation}"
        if answer.kind is not None:
            return answer.kind, answer.explanation, None
        return blockade.kind, blockade.reason, None

    async def _oldest(self, operator: Operator) -> tuple[str, Answer | None] | None:
        """The oldest delivery that may be tried, tried; None if there is none. One that came to nothing, or to nobody
        knows what, may be at fault itself: then a few more.
        """
        tried = 0
        found: tuple[str, Answer | None] | None = None
        async for items in self.agenda.blocked(home=operator.home):
            for item in items:
                if item.transaction_id is None:
                    continue
                try:
                    answer = await self.relay.probe(
                        operator=operator, session_id=item.session_id, transaction_id=item.transaction_id
                    )
                except ValueError:
                    _log.exception(
                        "%s of operator %s cannot be read",
                        item.transaction_id,
                        operator.gln,
                        extra={"gln": operator.gln, "reference": item.transaction_id},
                    )
                    continue
                if answer is None:
                    continue
                found, tried = (f"line {item.transaction_id}", answer), tried + 1
                is_telling = answer.outcome not in {Outcome.FAILED_FOR_NOW, Outcome.UNKNOWN}
                if is_telling or answer.retry_after is not None or tried == _MOST_TRIED:
                    return found
        return found

    async def _work_off(self, gln: str) -> None:
        await self.backlog.work_off(gln)
