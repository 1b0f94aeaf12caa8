"""Delivery: how lines leave, and arrive once."""

from .delivery import Attempt, Delivery, DeliveryState, Destination
from .entra_tokens import EntraTokens, TokenRefused, TokenUnavailable
from .payloads import costed_transaction, payload_of, same_line
from .queue import AttemptRequest, AttemptRequestUnreadable, DeliveriesQueue, read_attempt_request
from .relay import Agenda, Answer, DueItem, NotToBeTried, Outbound, Outbox, Outcome, Relay
from .retry_schedule import RetrySchedule
from .utility_cloud import UtilityCloud

__all__ = [
    "Agenda",
    "Answer",
    "Attempt",
    "AttemptRequest",
    "AttemptRequestUnreadable",
    "DeliveriesQueue",
    "Delivery",
    "DeliveryState",
    "Destination",
    "DueItem",
    "EntraTokens",
    "NotToBeTried",
    "Outbound",
    "Outbox",
    "Outcome",
    "Relay",
    "RetrySchedule",
    "TokenRefused",
    "TokenUnavailable",
    "UtilityCloud",
    "costed_transaction",
    "payload_of",
    "read_attempt_request",
    "same_line",
]
