"""Use case: people look at dead letters, run them again, and discard them."""

import asyncio
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass, replace

from shared.clock import Clock
from shared.drivers import ClaimPending
from shared.faults import ContinuationUnreadable
from shared.logbook import Direction, Logbook, log_entry
from shared.operators import Caller

from .dead_letter import DeadLetter, DeadLetterHeld, DeadLetters, DeadLetterUnknown
from .event import PoisonEvent
from .provisioning import Operators, Provisioning, home_without_operator

_CHECKED_AT_ONCE = 16
# A page may be as long as was asked for, but messages can be long too.
_MOST_BYTES = 8 * 1024 * 1024
_TRIES_TO_REMOVE = 3


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A dead letter, and what the checks say of it now; `fault` None: it would pass."""

    letter: DeadLetter
    fault: str | None


@dataclass(frozen=True, kw_only=True)
class Action:
    """What somebody wants done with one dead letter. `gln`: only if it names this operator; None: whatever it names."""

    number: int
    gln: str | None
    by: Caller
    endpoint: str


@dataclass(frozen=True, kw_only=True)
class DeadLetterDesk:
    """What an operator sees and does is about those whose body names it; `gln` None is the platform: about all.

    Everything raises StorageUnavailable, also where the queue cannot be reached.
    """

    dead_letters: DeadLetters
    provisioning: Provisioning
    operators: Operators
    logbook: Logbook
    clock: Clock
    patience_seconds: float = 10.0

    async def page(self, *, gln: str | None, limit: int, continuation: str | None) -> tuple[list[Judged], str | None]:
        """At most `limit` dead letters, newest first, and what to continue with. Nothing is locked or written.

        Where they are very long it may be fewer. Raises ContinuationUnreadable.
        """
        before = _read_continuation(continuation)
        newest: deque[DeadLetter] = deque()
        size, more = 0, False
        async with aclosing(self.dead_letters.walk()) as letters:
            async for letter in letters:
                if before is not None and letter.number >= before:
                    break
                if gln is not None and letter.whose.gln != gln:
                    continue
                newest.append(letter)
                size += len(letter.envelope.body)
                while len(newest) > limit or (size > _MOST_BYTES and len(newest) > 1):
                    size -= len(newest.popleft().envelope.body)
                    more = True
        page = list(reversed(newest))
        judged = [
            each
            for start in range(0, len(page), _CHECKED_AT_ONCE)
            for each in await asyncio.gather(*map(self._judged, page[start : start + _CHECKED_AT_ONCE]))
        ]
        return judged, str(page[-1].number) if more else None

    async def reprocess(self, action: Action) -> str | None:
        """Runs the use case on the message; gives what is wrong with it still, None if it was carried out.

        Then it is removed, unless it is in other hands: running it once more changes nothing. Raises DeadLetterUnknown,
        RowConflict.
        """
        letter = await self._find(action)
        fault = None
        try:
            await replace(self.provisioning, patience_seconds=self.patience_seconds).carry_out(letter.envelope)
        except (PoisonEvent, ClaimPending) as error:
            fault = str(error)
        outcome = f"still failing: {fault}" if fault else "processed"
        await self._log(action, letter, what="dead-letter-reprocessed", code=200, message=f"ran again: {outcome}")
        if fault is None:
            await self.dead_letters.remove([letter])
        return fault

    async def discard(self, action: Action) -> None:
        """Removes the message for good; the log keeps it. Raises DeadLetterUnknown, DeadLetterHeld."""
        letter = await self._find(action)
        judged = await self._judged(letter)
        why = f"{letter.reason}; {judged.fault or 'it would have passed'}"

        async def log() -> None:
            await self._log(action, letter, what="dead-letter-discarded", code=204, message=f"discarded it: {why}")

        for _ in range(_TRIES_TO_REMOVE):
            if await self.dead_letters.remove([letter], just_before=log):
                return
            letter = await self._find(action)
        raise DeadLetterHeld(number=letter.number)

    async def _find(self, action: Action) -> DeadLetter:
        async with aclosing(self.dead_letters.walk(first=action.number)) as letters:
            letter = await anext(letters, None)
        if letter is None or letter.number != action.number or action.gln not in {None, letter.whose.gln}:
            raise DeadLetterUnknown(number=action.number)
        return letter

    async def _judged(self, letter: DeadLetter) -> Judged:
        try:
            refusal: Exception | None = await self.provisioning.refusal_of(letter.envelope)
        except ClaimPending as pending:
            refusal = pending
        return Judged(letter=letter, fault=str(refusal) if refusal else None)

    async def _log(self, action: Action, letter: DeadLetter, *, what: str, code: int, message: str) -> None:
        named = letter.whose
        operator = await self.operators.operator(named.gln) if named.gln else None
        entry = log_entry(
            at=self.clock.now(),
            direction=Direction.IN,
            endpoint=action.endpoint,
            action=what,
            message=f"dead letter {letter.number}: {action.by.label} ({action.by.key_id}) {message}",
            response_code=code,
            reference_id=named.reference,
            payload=letter.envelope.body,
        )
        await self.logbook.write(home=operator.home if operator else home_without_operator(named.gln), entry=entry)


def _read_continuation(continuation: str | None) -> int | None:
    if continuation is None:
        return None
    if not (continuation.isascii() and continuation.isdigit()):
        raise ContinuationUnreadable
    return int(continuation)
