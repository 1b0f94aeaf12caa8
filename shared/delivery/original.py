"""What a delivery comes after: a credit must not be seen before what it credits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.identifiers import OperatorHome

from .delivery import Delivery, DeliveryState
from .outbox import Outbox

_LOOKED_AT_SOONEST = timedelta(seconds=30)
_LOOKED_AT_LATEST = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Original:
    """The delivery that must have arrived first, named `transaction_id`; `delivery` None: it is not to be found."""

    transaction_id: str
    delivery: Delivery | None
    follower_is_credit: bool

    @property
    def is_out_of_the_way(self) -> bool:
        """Whether what comes after it may be sent."""
        if self.delivery is None:
            return False
        is_withdrawn = self.delivery.state is DeliveryState.WITHDRAWN
        # Refused because something is there under its id: what comes after it names something that is there.
        is_there = self.delivery.state is DeliveryState.DELIVERED or (
            self.delivery.state is DeliveryState.REJECTED and self.delivery.is_known_there
        )
        return is_there or (is_withdrawn and not self.follower_is_credit)

    @property
    def is_to_be_withdrawn(self) -> bool:
        """Whether it can neither be there nor is wanted there any more: something came after it.

        A credit is always wanted: without it the line that it credits would stand.
        """
        return (
            self.delivery is not None
            and not self.delivery.is_credit
            and self.delivery.is_certainly_not_there
            and self.delivery.state is not DeliveryState.WITHDRAWN
        )

    @property
    def explanation(self) -> str:
        """Why what comes after it is not sent."""
        if self.delivery is None:
            return f"it waits for {self.transaction_id}, which is not to be found"
        if self.delivery.state is DeliveryState.WITHDRAWN:
            return f"{self.transaction_id} was withdrawn before it was sent: there is nothing to credit"
        return f"it waits for {self.transaction_id}, which is {self.delivery.state}"

    def takes_along(self, follower: Delivery) -> bool:
        """Whether what comes after it is never sent either."""
        is_withdrawn = self.delivery is not None and self.delivery.state is DeliveryState.WITHDRAWN
        return is_withdrawn and follower.is_credit

    def looked_at_again(self, *, now: datetime) -> datetime:
        """When to look again: soon after it is tried, at most every half minute and at least every quarter hour."""
        latest, soonest = now + _LOOKED_AT_LATEST, now + _LOOKED_AT_SOONEST
        if self.delivery is None or self.delivery.due_at is None:
            return latest
        # While it is being sent, `due_at` is for the case that its sender has died.
        is_being_sent = self.delivery.state is DeliveryState.SENDING
        return soonest if is_being_sent else max(soonest, min(self.delivery.due_at, latest))


async def original_of(delivery: Delivery, *, outbox: Outbox, home: OperatorHome) -> Original:
    """What `delivery` comes after. It has something to come after. Raises StorageUnavailable."""
    assert delivery.after is not None  # noqa: S101  the caller looked
    found = await outbox.delivery(home=home, session_id=delivery.session_id, transaction_id=delivery.after)
    return Original(
        transaction_id=delivery.after,
        delivery=found.value if found else None,
        follower_is_credit=delivery.is_credit,
    )
