"""Use case: what waits is counted and told, so that nobody has to look for it."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from shared.clock import Clock
from shared.contracts import DeadLetters
from shared.delivery import WAITING, Blockade, DeliveryState
from shared.faults import StorageUnavailable, Stored
from shared.identifiers import OperatorHome
from shared.one_of_many import one_of_many
from shared.operators import Operator, State
from shared.sessions import HeldFor
from shared.telemetry import (
    DEAD_LETTERS,
    LINES_WAITING,
    MEASURED,
    OLDEST_UNDELIVERED,
    OPERATORS_BLOCKED,
    SESSIONS_HELD,
    flush,
    record,
)

MOST: Final = 10_000
"""So many of each are counted in a partition: of more, those written first are not seen."""
MOST_DEAD_LETTERS: Final = 1_000
_OPERATORS_AT_ONCE: Final = 8
_UNDELIVERED: Final = (*sorted(WAITING), DeliveryState.BLOCKED)
_log = logging.getLogger(__name__)


class KnownOperators(Protocol):
    """Where the list of operators comes from."""

    async def operators(self) -> list[Operator]:
        """All of them."""
        ...


class BlockadesNow(Protocol):
    """Blockades as they are stored now. Raises StorageUnavailable."""

    async def every(self) -> Mapping[str, Stored[Blockade]]:
        """The last one of each operator, by GLN."""
        ...


class Backlogs(Protocol):
    """What waits, from the indexes alone. Everything raises StorageUnavailable."""

    async def waiting(self, *, home: OperatorHome, most: int) -> Mapping[DeliveryState, list[datetime]]:
        """When lines were written that are not delivered and may still be by themselves, by how they stand; `most` at
        the least of those that have so many in a partition.
        """
        ...

    async def held(self, *, home: OperatorHome, most: int) -> Mapping[HeldFor, int]:
        """How many sessions are held, by what they wait for; as many as `waiting`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """Looks; changes nothing. `subscription` is whose dead letters are counted."""

    operators: KnownOperators
    backlogs: Backlogs
    blockades: BlockadesNow
    dead_letters: Callable[[], DeadLetters]
    subscription: str
    clock: Clock

    async def run(self) -> None:
        """Tells of each operator how much waits, zero where nothing does, and sends it at once: the process may not be
        there any more when that would happen by itself. What cannot be reached is not told.

        Raises StorageUnavailable if not even what they have in common can be read.
        """
        operators, blockades, _ = await asyncio.gather(
            self.operators.operators(), self.blockades.every(), self._count_dead_letters()
        )
        at_once = asyncio.Semaphore(_OPERATORS_AT_ONCE)

        async def measure(operator: Operator) -> bool:
            async with at_once:
                with one_of_many("the measuring", gln=operator.gln, log=_log):
                    await self._measure(operator, blockades.get(operator.gln))
                    return True
                return False

        record(MEASURED, sum(await asyncio.gather(*map(measure, operators))))
        await flush()

    async def _measure(self, operator: Operator, blockade: Stored[Blockade] | None) -> None:
        gln, now = operator.gln, self.clock.now()
        waiting, held = await asyncio.gather(self._waiting(operator), self.backlogs.held(home=operator.home, most=MOST))
        for state in _UNDELIVERED:
            record(LINES_WAITING, len(waiting.get(state, ())), gln=gln, state=state)
        written = [at for each in waiting.values() for at in each]
        record(OLDEST_UNDELIVERED, _seconds(now, min(written, default=now)), gln=gln)
        for reason in HeldFor:
            record(SESSIONS_HELD, held.get(reason, 0), gln=gln, reason=reason)
        blocked_since = blockade.value.since if blockade and blockade.value.is_in_force else now
        record(OPERATORS_BLOCKED, _seconds(now, blocked_since), gln=gln)

    async def _waiting(self, operator: Operator) -> Mapping[DeliveryState, list[datetime]]:
        # In rehearsal nothing is sent, because somebody wants it so: nothing waits for anybody.
        if operator.state is State.REHEARSAL:
            return {}
        return await self.backlogs.waiting(home=operator.home, most=MOST)

    async def _count_dead_letters(self) -> None:
        found = 0
        try:
            async with aclosing(self.dead_letters().walk()) as letters:
                async for _ in letters:
                    found += 1
                    if found == MOST_DEAD_LETTERS:
                        break
        except StorageUnavailable as error:
            _log.warning("dead letters are not counted: %s", error)
            return
        except Exception:  # noqa: BLE001  whatever is wrong over there, the operators are to be measured
            _log.exception("dead letters cannot be counted")
            return
        record(DEAD_LETTERS, found, subscription=self.subscription)


def _seconds(now: datetime, since: datetime) -> float:
    return max(0.0, (now - since).total_seconds())
