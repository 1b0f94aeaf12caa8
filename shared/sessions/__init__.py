"""Sessions: what the charging platform says of them, and how they become lines."""

from .due_work import DueWork
from .intake import Intake
from .judgement import Catalogue
from .ledger import Ledger, Lines, LineWithDelivery, Story
from .message import (
    AuthorizationQuestion,
    ChargerState,
    Measurements,
    Message,
    MessageRefused,
    SessionStarted,
    SessionStopped,
    read_message,
)
from .resolution import DecisionKind, DriverUnknown, NothingToDecide, Resolution, SessionUnknown, Verdict
from .session import Decision, HeldFor, Reading, Session, SessionList, SessionStatus, Start, Stop
from .settlement import Dispatch, Settlement, StopAnswer

__all__ = [
    "AuthorizationQuestion",
    "Catalogue",
    "ChargerState",
    "Decision",
    "DecisionKind",
    "Dispatch",
    "DriverUnknown",
    "DueWork",
    "HeldFor",
    "Intake",
    "Ledger",
    "LineWithDelivery",
    "Lines",
    "Measurements",
    "Message",
    "MessageRefused",
    "NothingToDecide",
    "Reading",
    "Resolution",
    "Session",
    "SessionList",
    "SessionStarted",
    "SessionStatus",
    "SessionStopped",
    "SessionUnknown",
    "Settlement",
    "Start",
    "Stop",
    "StopAnswer",
    "Story",
    "Verdict",
    "read_message",
]
