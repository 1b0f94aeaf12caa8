"""Use case: a line is credited, or corrected: a credit of what was written, and a new line."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.billing import CostedLine, MeteredLine, corrected_id, credit_id, follow_up_number, is_credit, negated
from shared.clock import Clock
from shared.delivery import DeliveryState, Outbox, mode_of
from shared.drivers import Drivers
from shared.faults import RowConflict
from shared.operators import Operator
from shared.sessions import Catalogue, Decision, Dispatch, FollowUp, Ledger, LineWithDelivery, Session, Story
from shared.telemetry import Count

from .change import Change
from .corrected_line import Correcting
from .follow_ups import beside_the_original, in_place_of_the_original
from .recompared import recompared
from .refusals import CreditRefused
from .standing import Standing, standing

_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What followed: the ids of the credit and of the new line, None where there is none, and both as `lines`.

    Without a credit the line before was withdrawn, because Utility Cloud cannot have it, or it was a series, which is
    replaced as a whole.
    """

    credit_transaction_id: str | None
    transaction_id: str | None
    lines: tuple[LineWithDelivery, ...]


@dataclass(frozen=True, kw_only=True)
class Corrections:
    """Credits and corrects. What is written is written at once, or not at all; of two at the same time one wins, and
    the other finds that the line is not in force any more.

    Everything raises TransactionUnknown, NotInForce, CorrectionRefused, StorageUnavailable, and RowConflict if others
    keep writing the same.
    """

    ledger: Ledger
    outbox: Outbox
    drivers: Drivers
    catalogue: Catalogue
    dispatch: Dispatch
    clock: Clock
    count: Count
    count_line: Count

    async def credit(self, *, operator: Operator, transaction_id: str, reason: str, by: str) -> Followed:
        """Takes the line in force back, as it was written. Raises CreditRefused for a series of meter values."""

        async def once() -> Followed:
            found = await self._standing(operator, transaction_id)
            follow_up = await self._credited(operator, found, reason=reason, by=by)
            return await self._written(operator, found, follow_up, "credit")

        return await _until_it_fits(once)

    async def correct(self, *, operator: Operator, transaction_id: str, change: Change) -> Followed:
        """Puts a corrected line in the place of the one in force. Raises DocumentRefused."""

        async def once() -> Followed:
            found = await self._standing(operator, transaction_id)
            follow_up = await self._corrected(operator, found, change)
            return await self._written(operator, found, follow_up, "correction")

        return await _until_it_fits(once)

    async def preview_credit(self, *, operator: Operator, transaction_id: str) -> Followed:
        """What `credit` would write now, without writing it: no line where the line would be withdrawn. Raises
        CreditRefused.
        """
        found = await self._standing(operator, transaction_id)
        return _followed(await self._credited(operator, found, reason="", by=""))

    async def preview(self, *, operator: Operator, transaction_id: str, change: Change) -> Followed:
        """What `correct` would write now, without writing it. Raises DocumentRefused."""
        found = await self._standing(operator, transaction_id)
        return _followed(await self._corrected(operator, found, change))

    async def _standing(self, operator: Operator, transaction_id: str) -> Standing:
        return await standing(operator=operator, transaction_id=transaction_id, ledger=self.ledger, outbox=self.outbox)

    async def _credited(self, operator: Operator, found: Standing, *, reason: str, by: str) -> FollowUp:
        line, now = found.line, self.clock.now()
        if isinstance(line, MeteredLine):
            raise CreditRefused(transaction_id=line.transaction_id)
        session = _decided(found, "credit", reason=reason, by=by, now=now)
        if found.is_certainly_not_there:
            return in_place_of_the_original(found, session=session, line=None, reason=reason, by=by, now=now)
        number = await self._next_number(operator, found.story)
        credit = negated(line, transaction_id=credit_id(found.story.session_id, number))
        return beside_the_original(found, session=session, credit=credit, line=None, reason=reason, by=by, now=now)

    async def _corrected(self, operator: Operator, found: Standing, change: Change) -> FollowUp:
        now, session_id = self.clock.now(), found.story.session_id
        number = await self._next_number(operator, found.story)
        correcting = Correcting(operator=operator, standing=found, change=change, catalogue=self.catalogue, now=now)
        line = await correcting.line(transaction_id=corrected_id(session_id, number))
        session = _decided(found, "correct", reason=change.reason, by=change.by, now=now)
        if found.is_certainly_not_there:
            follow_up = in_place_of_the_original(
                found, session=session, line=line, reason=change.reason, by=change.by, now=now
            )
        else:
            before = found.line
            credit = None  # a series is not credited, but sent anew
            if isinstance(before, CostedLine):
                credit = negated(before, transaction_id=credit_id(session_id, number))
            follow_up = beside_the_original(
                found, session=session, credit=credit, line=line, reason=change.reason, by=change.by, now=now
            )
        comparison = await recompared(correcting, line=line, drivers=self.drivers)
        return replace(follow_up, comparison=comparison)

    async def _next_number(self, operator: Operator, story: Story) -> int:
        """The next for which neither id is that of another session, should the platform have such ids."""
        number = 1 + max(follow_up_number(line) for line in story.lines)
        while await self._is_taken(operator, credit_id(story.session_id, number)) or await self._is_taken(
            operator, corrected_id(story.session_id, number)
        ):
            number += 1
        return number

    async def _is_taken(self, operator: Operator, transaction_id: str) -> bool:
        return (await self.ledger.story(home=operator.home, session_id=transaction_id)).session is not None

    async def _written(self, operator: Operator, found: Standing, follow_up: FollowUp, kind: str) -> Followed:
        await self.ledger.record_follow_up(home=operator.home, before=found.story, follow_up=follow_up)
        self.count(kind, gln=operator.gln)
        gone = (follow_up.withdrawal.after,) if follow_up.withdrawal else ()
        for each in (*gone, *follow_up.deliveries):
            self.count_line(each.state, gln=operator.gln, mode=mode_of(each.destination))
        for delivery in follow_up.deliveries:
            if delivery.state is DeliveryState.PENDING:
                await self.dispatch.ask_for_attempt(
                    gln=operator.gln, session_id=delivery.session_id, transaction_id=delivery.transaction_id
                )
        return _followed(follow_up)


def _decided(found: Standing, decision: str, *, reason: str, by: str, now: datetime) -> Session:
    decided = Decision(decision=decision, reason=reason, decided_by=by, decided_at=now)
    return replace(found.session, decisions=(*found.session.decisions, decided))


def _followed(follow_up: FollowUp) -> Followed:
    lines = tuple(
        LineWithDelivery(line=line, delivery=delivery)
        for line, delivery in zip(follow_up.lines, follow_up.deliveries, strict=True)
    )
    by_kind = {is_credit(each.line): each.line.transaction_id for each in lines}
    return Followed(credit_transaction_id=by_kind.get(True), transaction_id=by_kind.get(False), lines=lines)


async def _until_it_fits(once: Callable[[], Awaitable[Followed]]) -> Followed:
    """Again from the beginning when somebody else wrote in between."""
    for attempt in range(_TRIES - 1):
        try:
            return await once()
        except RowConflict:
            await asyncio.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311  so that two do not meet again
    return await once()
