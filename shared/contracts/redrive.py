"""Use case: what lies in the dead-letter queue is looked at again, because the reason may have passed."""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from shared.clock import Clock
from shared.drivers import ClaimPending
from shared.faults import RowConflict, StorageUnavailable
from shared.operators import Operator

from .dead_letter import DeadLetter, DeadLetters
from .event import PoisonEvent, read_event
from .look import NEVER, Look, next_look
from .provisioning import Provisioning

_REMOVED_AT_ONCE = 500
_log = logging.getLogger(__name__)


class Register(Protocol):
    """Where operators are looked up. Raises StorageUnavailable."""

    async def operator(self, gln: str) -> Operator | None:
        """The operator, None if there is none."""
        ...

    async def operators(self) -> list[Operator]:
        """All of them."""
        ...


type Identity = tuple[int, str, datetime]


@dataclass(frozen=True, kw_only=True)
class Redrive:
    """Runs the checks again: an RFID set free or an operator set up since lets an event pass. Poison stays.

    The queue is walked by peeking; messages are received only to be removed. When a message is looked at again follows
    from its age, and is remembered in `looks`, which lives as long as the process: a new one looks at everything once.
    An operator that was set up or changed makes the messages that name it due; what is wrong in the message itself
    stays wrong for as long as the code is the same, and so for as long as the process lives.

    `patience_seconds` is for each message: those behind it wait, and the timer comes again.
    """

    dead_letters: DeadLetters
    provisioning: Provisioning
    operators: Register
    clock: Clock
    patience_seconds: float = 10.0
    looks: dict[Identity, Look] = field(default_factory=dict)

    async def run(self) -> tuple[int, int]:
        """How many messages were carried out and removed, and how many stay. Not to be run twice at once.

        Raises StorageUnavailable: then it is not the time.
        """
        now = self.clock.now()
        operators = await self.operators.operators() if self.looks else []
        revisions = {operator.gln: operator.revision for operator in operators}
        seen: set[Identity] = set()
        passed: list[DeadLetter] = []
        removed = 0
        async with aclosing(self.dead_letters.walk()) as letters:
            async for letter in letters:
                seen.add(letter.identity)
                look = await self._look(letter, now, revisions)
                await asyncio.sleep(0)  # drivers at chargers do not wait for this
                if look.has_passed and look.again_at <= now:
                    passed.append(letter)
                if len(passed) == _REMOVED_AT_ONCE:
                    removed += await self._remove(passed, now)
                    passed.clear()
        removed += await self._remove(passed, now)
        for gone in self.looks.keys() - seen:
            del self.looks[gone]
        return removed, len(seen) - removed

    async def _look(self, letter: DeadLetter, now: datetime, revisions: dict[str, str]) -> Look:
        last = self.looks.get(letter.identity)
        if last is not None and (last.has_passed or not last.is_due(now=now, revisions=revisions)):
            return last
        gln = letter.whose.gln
        # Before the checks: if it changes meanwhile, the next run looks again.
        operator = await self.operators.operator(gln) if gln is not None else None
        enqueued_at = letter.envelope.enqueued_at
        try:
            fault = await self._fault_now(letter, last)
            again_at = now if fault is None else next_look(since=enqueued_at, now=now)
            if fault is not None and _is_unreadable(letter):
                gln, operator, again_at = None, None, NEVER
        except (ClaimPending, RowConflict) as passing:
            fault, again_at = str(passing), now
        look = Look(
            fault=fault,
            since=now if fault is None else enqueued_at,
            again_at=again_at,
            gln=gln,
            revision=operator.revision if operator else None,
        )
        self.looks[letter.identity] = look
        return look

    async def _fault_now(self, letter: DeadLetter, last: Look | None) -> str | None:
        """None if it was carried out. A fault that is new is told in the log; the same one costs no write.

        Raises ClaimPending, RowConflict, StorageUnavailable.
        """
        try:
            refusal = await self.provisioning.refusal_of(letter.envelope)
            if refusal is not None and last is not None and last.fault == str(refusal):
                return last.fault
            await replace(self.provisioning, patience_seconds=self.patience_seconds).carry_out(letter.envelope)
        except PoisonEvent as poison:
            return str(poison)
        except (ClaimPending, RowConflict, StorageUnavailable):
            raise
        except Exception as error:  # noqa: BLE001  what is behind it must not wait for somebody to mend this
            _log.exception("dead letter %d could not be looked at", letter.number)
            return f"could not be looked at: {type(error).__name__}"
        return None

    async def _remove(self, passed: list[DeadLetter], now: datetime) -> int:
        """What cannot be removed now (it is in other hands, or lies too deep) is tried again ever more rarely."""
        if not passed:
            return 0
        removed = await self.dead_letters.remove(passed)
        _log.info("dead letters: %d carried out and removed", len(removed))
        left = [letter for letter in passed if letter.number not in removed]
        for letter in left:
            look = self.looks[letter.identity]
            self.looks[letter.identity] = replace(look, again_at=next_look(since=look.since, now=now))
        if left:
            _log.warning(
                "dead letters: %d were carried out and could not be removed yet, the first is %d",
                len(left),
                left[0].number,
            )
        return len(removed)


def _is_unreadable(letter: DeadLetter) -> bool:
    try:
        read_event(letter.envelope)
    except PoisonEvent:
        return True
    return False
