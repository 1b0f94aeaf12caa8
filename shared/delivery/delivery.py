"""A delivery: what must reach another system, and how far it has come."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.operators import Mode


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    SENDING = "sending"
    RETRYING = "retrying"
    BLOCKED = "blocked"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    EXHAUSTED = "exhausted"
    WITHDRAWN = "withdrawn"
    REHEARSED = "rehearsed"


class Destination(StrEnum):
    """Where to. Others will come (pass-through partners, roaming partners)."""

    INVOICE_LINE = "utility-cloud-invoice-line"
    METER_VALUES = "utility-cloud-meter-values"


def mode_of(destination: Destination) -> Mode:
    """The mode whose lines go there: a line keeps the one in force when it was written."""
    return Mode.COSTED_TRANSACTION if destination is Destination.INVOICE_LINE else Mode.METER_VALUE


WAITING = frozenset({DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.RETRYING})
_NOT_UNDER_WAY = frozenset(DeliveryState) - {DeliveryState.SENDING, DeliveryState.DELIVERED}


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One line on its way. `payload` is the JSON text that is sent, the same at every attempt.

    `due_at` is when it is to be tried (again), None if it is not: while it is being sent, when the sender is given up
    for dead. `unknown_outcome` says that an attempt may have arrived without our knowing.

    `after` is the delivery that must have arrived before this one is sent. Should that one be withdrawn, a credit
    (`is_credit`) is withdrawn with it, and anything else goes without it.

    `held_up` is for how long it could not be tried for no fault of its own, the operator being blocked or `after` not
    there yet, and `held_up_since` since when that is so again: time that does not count towards giving up.

    `traceparent` is what was under way when it was written, by W3C Trace Context: each attempt goes on with that.
    """

    transaction_id: str
    session_id: str
    destination: Destination
    payload: str
    created_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    due_at: datetime | None = None
    attempts: int = 0
    unknown_outcome: bool = False
    is_known_there: bool = False
    delivered_at: datetime | None = None
    last_error: str | None = None
    after: str | None = None
    is_credit: bool = False
    held_up: timedelta = timedelta()
    held_up_since: datetime | None = None
    traceparent: str | None = None

    @property
    def is_certainly_not_there(self) -> bool:
        """Whether it cannot have arrived: no attempt is under way, and of each that was made the outcome is known."""
        return self.state in _NOT_UNDER_WAY and not self.unknown_outcome

    @property
    def next_attempt_at(self) -> datetime | None:
        """When it is tried next, for people; None while it is being sent and once it is over."""
        return self.due_at if self.state in {DeliveryState.PENDING, DeliveryState.RETRYING} else None

    @property
    def counted_from(self) -> datetime:
        """From when the time counts after which it is given up."""
        return self.created_at + self.held_up

    def sending(self, *, at: datetime, until: datetime) -> "Delivery":
        """Being sent from `at` on, by somebody who is given up for dead at `until`."""
        held_up = self.held_up + (at - self.held_up_since if self.held_up_since else timedelta())
        return replace(
            self,
            state=DeliveryState.SENDING,
            due_at=until,
            attempts=self.attempts + 1,
            held_up=held_up,
            held_up_since=None,
        )

    def blocked(self, *, at: datetime, error: str, unknown_outcome: bool) -> "Delivery":
        """Not to be tried before the operator's credential or address is accepted again."""
        return replace(
            self,
            state=DeliveryState.BLOCKED,
            due_at=None,
            last_error=error,
            unknown_outcome=self.unknown_outcome or unknown_outcome,
            held_up_since=self.held_up_since or at,
        )

    def waiting(self, *, at: datetime, until: datetime, error: str) -> "Delivery":
        """Not to be tried before `after` is there, which is looked at again at `until`."""
        return replace(
            self,
            state=DeliveryState.RETRYING if self.attempts else DeliveryState.PENDING,
            due_at=until,
            last_error=error,
            held_up_since=self.held_up_since or at,
        )

    def with_unknown_outcome(self) -> "Delivery":
        """As it is, but an attempt may have arrived without our knowing."""
        return replace(self, unknown_outcome=True)

    def delivered(self, *, at: datetime) -> "Delivery":
        """Arrived."""
        return replace(
            self, state=DeliveryState.DELIVERED, due_at=None, delivered_at=at, unknown_outcome=False, last_error=None
        )

    def rejected(self, *, error: str, may_be_there: bool, is_known_there: bool) -> "Delivery":
        """Refused for good: for a person. If it may be there all the same, another try asks first; `is_known_there`:
        the other side has said that it knows the id.
        """
        return replace(
            self,
            state=DeliveryState.REJECTED,
            due_at=None,
            unknown_outcome=may_be_there,
            is_known_there=is_known_there,
            last_error=error,
        )

    def held_up_from(self, at: datetime) -> "Delivery":
        """From `at` until it is tried again the time does not count."""
        return replace(self, held_up_since=self.held_up_since or at)

    def exhausted(self, *, error: str, unknown_outcome: bool) -> "Delivery":
        """Tried for as long as it is tried: for a person."""
        unknown = self.unknown_outcome or unknown_outcome
        return replace(self, state=DeliveryState.EXHAUSTED, due_at=None, last_error=error, unknown_outcome=unknown)

    def retrying(self, *, at: datetime, error: str, unknown_outcome: bool) -> "Delivery":
        """To be tried again at `at`."""
        unknown = self.unknown_outcome or unknown_outcome
        return replace(self, state=DeliveryState.RETRYING, due_at=at, last_error=error, unknown_outcome=unknown)

    def withdrawn(self, *, because: str) -> "Delivery":
        """Never to be sent again. Only for one that is certainly not there."""
        return replace(self, state=DeliveryState.WITHDRAWN, due_at=None, last_error=because)

    def started_anew(self, *, at: datetime) -> "Delivery":
        """To be tried at `at` because a person wants it. What was only rehearsed so far counts from then on."""
        held_up = at - self.created_at if self.state is DeliveryState.REHEARSED else self.held_up
        return replace(self, state=DeliveryState.RETRYING, due_at=at, held_up=held_up)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try, written before the call; `outcome` stays None if its sender died."""

    transaction_id: str
    number: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    response_code: int | None = None
