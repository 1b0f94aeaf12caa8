"""Use case: a person wants another try."""

from dataclasses import dataclass

from shared.clock import Clock
from shared.logbook import LogEntry
from shared.operators import Operator, State

from .blockades import Blockades
from .delivery import Delivery, DeliveryState
from .original import original_of
from .outbox import Outbox

_CAN_BE_RETRIED = frozenset(
    {
        DeliveryState.PENDING,
        DeliveryState.RETRYING,
        DeliveryState.BLOCKED,
        DeliveryState.REJECTED,
        DeliveryState.EXHAUSTED,
        DeliveryState.REHEARSED,
    }
)
_WHY_NOT = {
    DeliveryState.DELIVERED: "it has arrived",
    DeliveryState.SENDING: "it is being sent just now",
    DeliveryState.WITHDRAWN: "it was withdrawn before it was sent",
}


class NotToBeTried(Exception):
    """A delivery that is not sent again, or not now. `because` says why in words."""

    def __init__(self, *, transaction_id: str, state: DeliveryState | None, because: str) -> None:
        super().__init__(f"delivery {transaction_id} is {state or 'unknown'} and not sent again: {because}")
        self.transaction_id = transaction_id
        self.state = state
        self.because = because


@dataclass(frozen=True, kw_only=True)
class Retrying:
    """Makes deliveries due because a person wants it."""

    outbox: Outbox
    blockades: Blockades
    clock: Clock

    async def try_again(self, *, operator: Operator, session_id: str, transaction_id: str, entry: LogEntry) -> Delivery:
        """Makes a delivery due now, as `entry` tells; while the operator is blocked it is blocked with the others, and
        whoever asks should probe.

        What was only rehearsed is sent if a person wants it, once the operator is live. Raises NotToBeTried,
        StorageUnavailable, RowConflict.
        """
        before = await self.outbox.delivery(home=operator.home, session_id=session_id, transaction_id=transaction_id)
        if before is None:
            raise NotToBeTried(transaction_id=transaction_id, state=None, because="there is no such delivery")
        if (because := await self._why_not(operator, before.value)) is not None:
            raise NotToBeTried(transaction_id=transaction_id, state=before.value.state, because=because)
        blockade = await self.blockades.of(operator.gln)
        now = self.clock.now()
        delivery = before.value.started_anew(at=now)
        if blockade is not None:
            reason = f"the operator is blocked: {blockade.reason}"
            delivery = before.value.blocked(at=now, error=reason, unknown_outcome=False)
        await self.outbox.record_delivery(home=operator.home, before=before, delivery=delivery, entries=(entry,))
        return delivery

    async def _why_not(self, operator: Operator, delivery: Delivery) -> str | None:
        if delivery.state not in _CAN_BE_RETRIED:
            return _WHY_NOT[delivery.state]
        if operator.state is State.REHEARSAL:
            return "the operator is in rehearsal: nothing is sent before its state is live"
        if delivery.after is None:
            return None
        original = await original_of(delivery, outbox=self.outbox, home=operator.home)
        may_go = original.is_out_of_the_way or original.is_to_be_withdrawn
        return None if may_go else original.explanation
