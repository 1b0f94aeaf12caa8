"""Asks Utility Cloud for the lines of one run, at a bounded rate, and stops asking where nobody answers."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from shared.all_of import all_of
from shared.billing import Line
from shared.delivery import Delivery, DeliveryState
from shared.logbook import Logbook
from shared.operators import Operator
from shared.sessions import Story

from .compare import of_delivered, of_line, of_not_asked, of_session, of_undelivered, why_nobody_can_ask
from .ports import LinesElsewhere
from .tally import Tally

ASKED_A_SECOND = 10
_AT_ONCE = 4
_GIVEN_UP_AFTER = 5


@dataclass(kw_only=True)
class Asking:
    """At most ten questions a second and four at once for each operator: 10,000 lines take a quarter of an hour.

    `away` counts the questions in a row without an answer; after five the other lines of the run are not asked for.
    """

    operator: Operator
    lines: LinesElsewhere
    logbook: Logbook
    sleep: Callable[[float], Awaitable[None]]
    away: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def tallies(self, stories: Iterable[Awaitable[Story]], *, currency: str) -> list[Tally]:
        """What each session and its lines add, in their order. Raises StorageUnavailable."""
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def tally(reading: Awaitable[Story]) -> Tally:
            async with at_once:
                return await self._of_story(await reading, currency)

        return await all_of(tally(reading) for reading in stories)

    async def _of_story(self, story: Story, currency: str) -> Tally:
        found = of_session(story)
        deliveries = {each.transaction_id: each for each in story.deliveries}
        for line in story.standing_lines:
            found += of_line(line, currency=currency)
            delivery = deliveries.get(line.transaction_id)
            if delivery is not None:
                found += await self._of_delivery(line, delivery, currency)
        return found

    async def _of_delivery(self, line: Line, delivery: Delivery, currency: str) -> Tally:
        if delivery.state is not DeliveryState.DELIVERED:
            return of_undelivered(delivery)
        unaskable = why_nobody_can_ask(self.operator, delivery)
        if unaskable is not None:
            return Tally(delivered=1, not_checked=Counter({unaskable.value: 1}))
        async with self._turn:
            if self.away >= _GIVEN_UP_AFTER:
                why = f"it did not answer {_GIVEN_UP_AFTER} times in a row"
                return Tally(delivered=1) + of_not_asked(delivery, why=why)
            await self.sleep(1 / ASKED_A_SECOND)
        there = await self.lines.look_up(operator=self.operator, delivery=delivery)
        self.away = self.away + 1 if there.not_asked is not None else 0
        tally = of_delivered(line, delivery, there, currency=currency)
        if not tally.equal:  # what shows that it differs is kept; that thousands agree is one number
            for entry in there.entries:
                await self.logbook.write(home=self.operator.home, entry=entry)
        return tally
