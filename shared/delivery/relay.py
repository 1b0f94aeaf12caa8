"""Use case: a delivery leaves for where it must go, however often that takes, and arrives once."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from shared.clock import Clock
from shared.faults import RowConflict, StorageUnavailable, Stored
from shared.identifiers import OperatorHome
from shared.logbook import Direction, LogEntry, log_entry
from shared.operators import Operator, State
from shared.telemetry import Count, span

from .answer import Answer, Outbound, Outcome
from .blockade import Blockade
from .blockades import Blockades
from .delivery import WAITING, Attempt, Delivery, DeliveryState, mode_of
from .lanes import Lane, Lanes
from .original import Original, original_of
from .outbox import Outbox
from .retry_schedule import RetrySchedule

SENDER_GIVEN_UP_AFTER = timedelta(minutes=2)
REHEARSAL_LOOKED_AT_EVERY = timedelta(minutes=15)


class OperatorsNow(Protocol):
    """Operators as they are stored now."""

    async def find(self, *, gln: str) -> Stored[Operator] | None:
        """The operator, in one point read. Raises StorageUnavailable."""
        ...


@dataclass(frozen=True, kw_only=True)
class Relay:
    """Delivers. Three storage operations for a delivery that arrives: read, attempt, outcome."""

    outbox: Outbox
    outbound: Outbound
    blockades: Blockades
    operators: OperatorsNow
    schedule: RetrySchedule
    clock: Clock
    count: Count
    lanes: Lanes = field(default_factory=Lanes)

    async def deliver(
        self, *, operator: Operator, session_id: str, transaction_id: str, lane: Lane = Lane.IMMEDIATE
    ) -> DeliveryState | None:
        """Tries the delivery if it waits to be tried, and says how it stands then; None if there is no such delivery,
        or no room to try it now, in which case the timer does. While the operator is blocked nothing is tried.

        Called twice at the same time, one call sends. Raises StorageUnavailable, and RowConflict if somebody else took
        it over meanwhile: the delivery is tried again once the time in which this call could have sent it is over.
        """
        async with self.lanes.room(operator.gln, lane) as is_free:
            if not is_free:
                return None
            before = await self._read(operator.home, session_id, transaction_id)
            if before is None or not self._is_to_be_tried(before.value):
                return before.value.state if before else None
            if operator.state is State.REHEARSAL:
                return await self._put_off(operator, before)
            blockade = await self.blockades.of(operator.gln)
            if blockade is not None:
                return await self._hold_back(operator, before, blockade)
            if before.value.after is not None:
                original = await self._original(operator, before.value)
                if not original.is_out_of_the_way:
                    return await self._wait_for(operator, before, original)
            state, _ = await self._try(operator, before, is_probe=False)
            return state

    async def probe(self, *, operator: Operator, session_id: str, transaction_id: str) -> Answer | None:
        """Tries a blocked delivery though the operator is blocked. If it does not arrive, and is not refused for its
        own sake, it stays blocked. None if it is not blocked, waits for another, or somebody else has it.

        Raises StorageUnavailable, RowConflict.
        """
        before = await self._read(operator.home, session_id, transaction_id)
        if before is None or before.value.state is not DeliveryState.BLOCKED:
            return None
        if before.value.after is not None and not (await self._original(operator, before.value)).is_out_of_the_way:
            return None
        _, answer = await self._try(operator, before, is_probe=True)
        return answer

    async def _put_off(self, operator: Operator, before: Stored[Delivery]) -> DeliveryState:
        """What was written before the rehearsal began waits for its end."""
        now = self.clock.now()
        later = before.value.retrying(
            at=now + REHEARSAL_LOOKED_AT_EVERY,
            error="the operator is in rehearsal: nothing is sent",
            unknown_outcome=before.value.state is DeliveryState.SENDING,
        ).held_up_from(now)
        await self.outbox.record_delivery(home=operator.home, before=before, delivery=later)
        return later.state

    async def _hold_back(self, operator: Operator, before: Stored[Delivery], blockade: Blockade) -> DeliveryState:
        """What comes up while the operator is blocked waits with the others."""
        if before.value.state is DeliveryState.BLOCKED:
            return DeliveryState.BLOCKED
        reason = f"the operator is blocked: {blockade.reason}"
        blocked = before.value.blocked(
            at=self.clock.now(), error=reason, unknown_outcome=before.value.state is DeliveryState.SENDING
        )
        entry = self._entry(before.value, "delivery-blocked", f"not tried: {reason}")
        await self.outbox.record_delivery(home=operator.home, before=before, delivery=blocked, entries=(entry,))
        self._count(operator, blocked)
        return blocked.state

    async def _wait_for(self, operator: Operator, before: Stored[Delivery], original: Original) -> DeliveryState:
        """A credit is never seen before what it credits; of what is never sent there is nothing to credit."""
        now, delivery = self.clock.now(), before.value
        if original.takes_along(delivery):
            entry = self._entry(delivery, "delivery-withdrawn", original.explanation)
            gone = delivery.withdrawn(because=original.explanation)
            await self.outbox.record_delivery(home=operator.home, before=before, delivery=gone, entries=(entry,))
            self._count(operator, gone)
            return gone.state
        is_noted = delivery.due_at is not None and delivery.due_at > now and delivery.held_up_since is not None
        if is_noted:
            return delivery.state
        later = delivery.waiting(at=now, until=original.looked_at_again(now=now), error=original.explanation)
        await self.outbox.record_delivery(home=operator.home, before=before, delivery=later)
        return later.state

    async def _try(
        self, operator: Operator, before: Stored[Delivery], *, is_probe: bool
    ) -> tuple[DeliveryState, Answer | None]:
        of_the_line = before.value.traceparent
        with span("delivery", gln=operator.gln, reference=before.value.transaction_id, parent=of_the_line) as told:
            state, answer = await self._attempt(operator, before, is_probe=is_probe)
            told.tell(outcome=state if answer else "taken-by-another", failed=_is_a_failure(answer))
            return state, answer

    async def _attempt(
        self, operator: Operator, before: Stored[Delivery], *, is_probe: bool
    ) -> tuple[DeliveryState, Answer | None]:
        transaction_id, now = before.value.transaction_id, self.clock.now()
        sending = before.value.sending(at=now, until=now + SENDER_GIVEN_UP_AFTER)
        # A sender that died while sending may have been heard.
        if before.value.state is DeliveryState.SENDING:
            sending = sending.with_unknown_outcome()
        attempt = Attempt(transaction_id=transaction_id, number=sending.attempts, started_at=now)
        try:
            taken = await self.outbox.record_delivery(
                home=operator.home, before=before, delivery=sending, attempt=attempt
            )
        except RowConflict:
            return DeliveryState.SENDING, None  # somebody else has it
        answer = await self.outbound.send(operator=operator, delivery=taken.value)
        after, entries = (
            (self._after_probe(taken.value, answer), ())
            if is_probe
            else await self._after(operator, taken.value, answer)
        )
        self._count(operator, after)
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
            entries=(*answer.entries, *entries),
        )
        return after.state, answer

    def _is_to_be_tried(self, delivery: Delivery) -> bool:
        if delivery.state is DeliveryState.BLOCKED:
            return True  # unless the operator is, too
        if delivery.state not in WAITING or delivery.due_at is None:
            return False
        return delivery.state is DeliveryState.PENDING or delivery.due_at <= self.clock.now()

    async def _after(
        self, operator: Operator, delivery: Delivery, answer: Answer
    ) -> tuple[Delivery, tuple[LogEntry, ...]]:
        now = self.clock.now()
        match answer.outcome:
            case Outcome.ARRIVED:
                return delivery.delivered(at=now), ()
            case Outcome.REFUSED:
                return _rejected(delivery, answer), ()
            case Outcome.OPERATOR_REFUSED:
                blockade = await self._block(operator, delivery, answer)
                if blockade is not None:
                    entries = blockade.untold if blockade.found_by == delivery.transaction_id else ()
                    return self._blocked(delivery, answer), entries
        unknown = answer.may_be_there or answer.outcome is Outcome.UNKNOWN
        again = self.schedule.next_attempt(
            attempts=delivery.attempts, created_at=delivery.counted_from, now=now, retry_after=answer.retry_after
        )
        if again is None:
            return delivery.exhausted(error=answer.explanation, unknown_outcome=unknown), ()
        return delivery.retrying(at=again, error=answer.explanation, unknown_outcome=unknown), ()

    def _after_probe(self, delivery: Delivery, answer: Answer) -> Delivery:
        match answer.outcome:
            case Outcome.ARRIVED:
                return delivery.delivered(at=self.clock.now())
            case Outcome.REFUSED:
                return _rejected(delivery, answer)
        return self._blocked(delivery, answer)

    def _blocked(self, delivery: Delivery, answer: Answer) -> Delivery:
        may_be_there = answer.may_be_there or answer.outcome is Outcome.UNKNOWN
        return delivery.blocked(at=self.clock.now(), error=answer.explanation, unknown_outcome=may_be_there)

    async def _block(self, operator: Operator, delivery: Delivery, answer: Answer) -> Blockade | None:
        """Blocks the operator; None if what was refused is not what it has set now, or nothing is to be had of storage:
        then this one is tried again.
        """
        assert answer.kind is not None  # noqa: S101  that is what the outcome says
        try:
            stored = await self.operators.find(gln=operator.gln)
            if stored is not None and not _has_same_access(stored.value, operator):
                return None
            return await self.blockades.block(
                operator=operator,
                kind=answer.kind,
                reason=answer.explanation,
                transaction_id=delivery.transaction_id,
                status=answer.response_code,
            )
        except (StorageUnavailable, RowConflict):
            return None

    async def _original(self, operator: Operator, delivery: Delivery) -> Original:
        """What the delivery comes after; if that is certainly not there, it is withdrawn first: a person has credited
        or corrected it while it was on its way, and need not do so again.
        """
        original = await original_of(delivery, outbox=self.outbox, home=operator.home)
        if not original.is_to_be_withdrawn:
            return original
        before = await self._read(operator.home, delivery.session_id, original.transaction_id)
        if before is None or not before.value.is_certainly_not_there:
            return original
        because = f"{delivery.transaction_id} came after it, and it is certain that Utility Cloud does not have it"
        gone = before.value.withdrawn(because=because)
        entry = self._entry(before.value, "line-withdrawn", f"withdrawn: {because}")
        await self.outbox.record_delivery(home=operator.home, before=before, delivery=gone, entries=(entry,))
        self._count(operator, gone)
        return replace(original, delivery=gone)

    def _count(self, operator: Operator, delivery: Delivery) -> None:
        self.count(delivery.state, gln=operator.gln, mode=mode_of(delivery.destination))

    async def _read(self, home: OperatorHome, session_id: str, transaction_id: str) -> Stored[Delivery] | None:
        return await self.outbox.delivery(home=home, session_id=session_id, transaction_id=transaction_id)

    def _entry(self, delivery: Delivery, action: str, message: str) -> LogEntry:
        return log_entry(
            at=self.clock.now(),
            direction=Direction.OUT,
            endpoint="deliveries",
            action=action,
            message=message,
            reference_id=delivery.transaction_id,
        )


def _is_a_failure(answer: Answer | None) -> bool:
    return answer is not None and answer.outcome is not Outcome.ARRIVED


def _has_same_access(one: Operator, other: Operator) -> bool:
    return (one.entra, one.utility_cloud) == (other.entra, other.utility_cloud)


def _rejected(delivery: Delivery, answer: Answer) -> Delivery:
    """What an earlier attempt left open stays open, unless this one has asked."""
    is_open = delivery.unknown_outcome and not answer.was_looked_up
    return delivery.rejected(
        error=answer.explanation, may_be_there=answer.may_be_there or is_open, is_known_there=answer.may_be_there
    )
