"""A delivery: what must reach another system, and how far it has come."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


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


WAITING = frozenset({DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.RETRYING})


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One line on its way. `payload` is the JSON text that is sent, the same at every attempt.

    `due_at` is when it is to be tried (again), None if it is not: while it is being sent, when the sender is given up
    for dead. `unknown_outcome` says that an attempt may have arrived without our knowing.
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
    delivered_at: datetime | None = None
    last_error: str | None = None

    @property
    def next_attempt_at(self) -> datetime | None:
        """When it is tried next, for people; None while it is being sent and once it is over."""
        return self.due_at if self.state in {DeliveryState.PENDING, DeliveryState.RETRYING} else None

    def sending(self, *, until: datetime) -> "Delivery":
        """Being sent by somebody who is given up for dead at `until`."""
        return replace(self, state=DeliveryState.SENDING, due_at=until, attempts=self.attempts + 1)

    def with_unknown_outcome(self) -> "Delivery":
        """As it is, but an attempt may have arrived without our knowing."""
        return replace(self, unknown_outcome=True)

    def delivered(self, *, at: datetime) -> "Delivery":
        """Arrived."""
        return replace(
            self, state=DeliveryState.DELIVERED, due_at=None, delivered_at=at, unknown_outcome=False, last_error=None
        )

    def rejected(self, *, error: str, may_be_there: bool) -> "Delivery":
        """Refused for good: for a person. If it may be there all the same, another try asks first."""
        return replace(self, state=DeliveryState.REJECTED, due_at=None, unknown_outcome=may_be_there, last_error=error)

    def exhausted(self, *, error: str, unknown_outcome: bool) -> "Delivery":
        """Tried for as long as it is tried: for a person."""
        unknown = self.unknown_outcome or unknown_outcome
        return replace(self, state=DeliveryState.EXHAUSTED, due_at=None, last_error=error, unknown_outcome=unknown)

    def retrying(self, *, at: datetime, error: str, unknown_outcome: bool) -> "Delivery":
        """To be tried again at `at`."""
        unknown = self.unknown_outcome or unknown_outcome
        return replace(self, state=DeliveryState.RETRYING, due_at=at, last_error=error, unknown_outcome=unknown)

    def started_anew(self, *, at: datetime) -> "Delivery":
        """To be tried at `at` because a person wants it."""
        return replace(self, state=DeliveryState.RETRYING, due_at=at)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try, written before the call; `outcome` stays None if its sender died."""

    transaction_id: str
    number: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    response_code: int | None = None
