"""Use case: a delivery leaves for where it must go, however often that takes, and arrives once."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from shared.clock import Clock
from shared.faults import RowConflict, Stored
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry
from shared.operators import Operator, State

from .delivery import WAITING, Attempt, Delivery, DeliveryState
from .lanes import Lanes
from .retry_schedule import RetrySchedule

SENDER_GIVEN_UP_AFTER = timedelta(minutes=2)
REHEARSAL_LOOKED_AT_EVERY = timedelta(minutes=15)

_CAN_BE_RETRIED = frozenset(
    {DeliveryState.PENDING, DeliveryState.RETRYING, DeliveryState.REJECTED, DeliveryState.EXHAUSTED}
)


class NotToBeTried(Exception):
    """A delivery in this state is not sent again: it has arrived, is being sent, or was never to be sent."""

    def __init__(self, *, transaction_id: str, state: DeliveryState | None) -> None:
        super().__init__(f"delivery {transaction_id} is {state or 'unknown'}: it is not sent again")
        self.transaction_id = transaction_id
        self.state = state


class Outcome(Enum):
    """What came of an attempt. The client decides; nothing else decides about another try."""

    ARRIVED = auto()
    REFUSED = auto()
    FAILED_FOR_NOW = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of an attempt, in words, and every request that was made for it, for the log.

    `may_be_there`: it was refused because something is there already under its id.
    """

    outcome: Outcome
    explanation: str
    response_code: int | None = None
    may_be_there: bool = False
    retry_after: timedelta | None = None
    entries: tuple[LogEntry, ...] = ()


class Outbound(Protocol):
    """Sends to one kind of destination."""

    async def send(self, *, operator: Operator, delivery: Delivery) -> Answer:
        """One attempt, well within SENDER_GIVEN_UP_AFTER. Never raises for what the other side does or does not."""
        ...


@dataclass(frozen=True, kw_only=True)
class DueItem:
    """Something whose time has come: a delivery, or without a transaction id a held session."""

    session_id: str
    transaction_id: str | None


class Agenda(Protocol):
    """What is to be done when."""

    def due(self, *, home: OperatorHome, now: datetime) -> AsyncIterator[list[DueItem]]:
        """What is due by `now`, the longest due first, page by page, each thing once, done or not meanwhile: one small
        query per page and partition. Raises StorageUnavailable.
        """
        ...


class Outbox(Protocol):
    """Where deliveries wait. Everything raises StorageUnavailable, what writes RowConflict."""

    async def delivery(self, *, home: OperatorHome, session_id: str, transaction_id: str) -> Stored[Delivery] | None:
        """One point read."""
        ...

    async def record_delivery(
        self,
        *,
        home: OperatorHome,
        before: Stored[Delivery],
        delivery: Delivery,
        attempt: Attempt | None = None,
        entries: tuple[LogEntry, ...] = (),
    ) -> Stored[Delivery]:
        """The delivery, its place in the lists, the attempt and the log entries at once, if it is still as `before`."""
        ...

    async def deliveries(
        self, *, home: OperatorHome, state: DeliveryState | None, limit: int, continuation: str | None
    ) -> tuple[list[Delivery], str | None]:
        """Deliveries in a state, or all, newest first, and what to continue with. Raises ContinuationUnreadable."""
        ...


@dataclass(frozen=True, kw_only=True)
class Relay:
    """Delivers. Three storage operations for a delivery that arrives: read, attempt, outcome."""

    outbox: Outbox
    outbound: Outbound
    schedule: RetrySchedule
    clock: Clock
    count: Callable[[str], None]
    lanes: Lanes = field(default_factory=Lanes)

    async def deliver(self, *, operator: Operator, session_id: str, transaction_id: str) -> DeliveryState | None:
        """Tries the delivery if it waits to be tried, and says how it stands then; None if there is no such delivery,
        or no room to try it now, in which case the timer does.

        Called twice at the same time, one call sends. Raises StorageUnavailable, and RowConflict if somebody else took
        it over meanwhile: the delivery is tried again once the time in which this call could have sent it is over.
        """
        with self.lanes.room(operator.gln) as is_free:
            if not is_free:
                return None
            before = await self.outbox.delivery(
                home=operator.home, session_id=session_id, transaction_id=transaction_id
            )
            if before is None or not self._is_to_be_tried(before.value):
                return before.value.state if before else None
            if operator.state is State.REHEARSAL:
                return await self._put_off(operator, before)
            return await self._try(operator, before)

    async def _put_off(self, operator: Operator, before: Stored[Delivery]) -> DeliveryState:
        """What was written before the rehearsal began waits for its end."""
        later = before.value.retrying(
            at=self.clock.now() + REHEARSAL_LOOKED_AT_EVERY,
            error="the operator is in rehearsal: nothing is sent",
            unknown_outcome=before.value.state is DeliveryState.SENDING,
        )
        await self.outbox.record_delivery(home=operator.home, before=before, delivery=later)
        return later.state

    async def _try(self, operator: Operator, before: Stored[Delivery]) -> DeliveryState:
        transaction_id = before.value.transaction_id
        sending = before.value.sending(until=self.clock.now() + SENDER_GIVEN_UP_AFTER)
        # A sender that died while sending may have been heard.
        if before.value.state is DeliveryState.SENDING:
            sending = sending.with_unknown_outcome()
        attempt = Attempt(transaction_id=transaction_id, number=sending.attempts, started_at=self.clock.now())
        try:
            taken = await self.outbox.record_delivery(
                home=operator.home, before=before, delivery=sending, attempt=attempt
            )
        except RowConflict:
            return DeliveryState.SENDING  # somebody else has it
        answer = await self.outbound.send(operator=operator, delivery=taken.value)
        after = self._after(taken.value, answer)
        self.count(after.state)
        await self.outbox.record_delivery(
            home=operator.home,
            before=taken,
            delivery=after,
            attempt=Attempt(
                transaction_id=transaction_id,
                number=attempt.number,
                started_at=attempt.started_at,
                ended_at=self.clock.now(),
                outcome=answer.explanation,
                response_code=answer.response_code,
            ),
            entries=answer.entries,
        )
        return after.state

    async def try_again(self, *, operator: Operator, session_id: str, transaction_id: str, entry: LogEntry) -> Delivery:
        """Makes a delivery due now because a person wants it, as `entry` tells.

        Raises NotToBeTried, StorageUnavailable, RowConflict.
        """
        before = await self.outbox.delivery(home=operator.home, session_id=session_id, transaction_id=transaction_id)
        state = before.value.state if before else None
        # What was only rehearsed is sent if a person wants it, once the operator is live.
        was_rehearsed = state is DeliveryState.REHEARSED and operator.state is State.LIVE
        if before is None or not (state in _CAN_BE_RETRIED or was_rehearsed):
            raise NotToBeTried(transaction_id=transaction_id, state=state)
        delivery = before.value.started_anew(at=self.clock.now())
        await self.outbox.record_delivery(home=operator.home, before=before, delivery=delivery, entries=(entry,))
        return delivery

    def _is_to_be_tried(self, delivery: Delivery) -> bool:
        if delivery.state not in WAITING or delivery.due_at is None:
            return False
        return delivery.state is DeliveryState.PENDING or delivery.due_at <= self.clock.now()

    def _after(self, delivery: Delivery, answer: Answer) -> Delivery:
        now = self.clock.now()
        match answer.outcome:
            case Outcome.ARRIVED:
                return delivery.delivered(at=now)
            case Outcome.REFUSED:
                return delivery.rejected(error=answer.explanation, may_be_there=answer.may_be_there)
        unknown = answer.outcome is Outcome.UNKNOWN
        again = self.schedule.next_attempt(
            attempts=delivery.attempts, created_at=delivery.created_at, now=now, retry_after=answer.retry_after
        )
        if again is None:
            return delivery.exhausted(error=answer.explanation, unknown_outcome=unknown)
        return delivery.retrying(at=again, error=answer.explanation, unknown_outcome=unknown)
