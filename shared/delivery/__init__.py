"""Delivery: how lines leave, and arrive once."""

from .answer import Answer, Outbound, Outcome
from .backlog import Backlog
from .blockade import Blockade, BlockadeStore, BlockKind
from .blockades import Blockades
from .connection_test import ConnectionTest, Step, Tested
from .delivery import WAITING, Attempt, Delivery, DeliveryState, Destination, mode_of
from .entra_tokens import EntraTokens, TokenRefused, TokenUnavailable
from .expiring_secrets import ExpiringSecrets
from .lanes import ATTEMPTS_AT_ONCE, Lane, Lanes, QueueHandlers
from .line_lookup import LineLookups, LineThere
from .outbox import Agenda, DueItem, Outbox
from .overview import COUNTED, FAILED, Bar, DeliveryIndex, Grain, Overview, midnight, next_month, overview
from .payloads import costed_transaction, differing_fields, payload_of, same_line
from .probing import Probing
from .queue import AttemptRequest, AttemptRequestUnreadable, DeliveriesQueue, read_attempt_request
from .relay import Relay
from .retry_schedule import RetrySchedule
from .retrying import NotToBeTried, Retrying
from .statement import MOST_LINES, Statement, StatementLine, StatementSum, statement, statement_line
from .utility_cloud import UtilityCloud

__all__ = [
    "ATTEMPTS_AT_ONCE",
    "COUNTED",
    "FAILED",
    "MOST_LINES",
    "WAITING",
    "Agenda",
    "Answer",
    "Attempt",
    "AttemptRequest",
    "AttemptRequestUnreadable",
    "Backlog",
    "Bar",
    "BlockKind",
    "Blockade",
    "BlockadeStore",
    "Blockades",
    "ConnectionTest",
    "DeliveriesQueue",
    "Delivery",
    "DeliveryIndex",
    "DeliveryState",
    "Destination",
    "DueItem",
    "EntraTokens",
    "ExpiringSecrets",
    "Grain",
    "Lane",
    "Lanes",
    "LineLookups",
    "LineThere",
    "NotToBeTried",
    "Outbound",
    "Outbox",
    "Outcome",
    "Overview",
    "Probing",
    "QueueHandlers",
    "Relay",
    "RetrySchedule",
    "Retrying",
    "Statement",
    "StatementLine",
    "StatementSum",
    "Step",
    "Tested",
    "TokenRefused",
    "TokenUnavailable",
    "UtilityCloud",
    "costed_transaction",
    "differing_fields",
    "midnight",
    "mode_of",
    "next_month",
    "overview",
    "payload_of",
    "read_attempt_request",
    "same_line",
    "statement",
    "statement_line",
]
