"""Sessions: what the charging platform says of them, and how they become lines."""

from .catalogue import Catalogue
from .comparison import Comparison, ComparisonSum, compared, sum_of_comparisons
from .contradiction import StopAnswer, weighed
from .costed import Case, Held, is_share_missing, line_report, tariff_for_lines
from .costing import charging_of, corrected_stop, stop_as_in
from .due_work import DueWork
from .intake import Intake
from .ledger import FollowUp, Ledger, Lines, LineWithDelivery, Stories, Story, Withdrawal
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
from .metering import LONGEST_SERIES, meter_values
from .plausibility import implausibility
from .resolution import DecisionKind, DriverUnknown, NothingToDecide, Resolution, SessionUnknown, Verdict
from .session import Decision, HeldFor, Reading, Session, SessionList, SessionStatus, Start, Stop
from .settlement import IMMEDIATE_ATTEMPT_WITHIN, Dispatch, Settlement
from .simulated import Amounts, Simulated, SimulatedSession, SimulatedSum
from .simulation import NothingToSimulate, Simulation
from .twin_watch import TwinWatch
from .twins import TWINS_START_WITHIN, Claim, Claims, KnownSession, Said, place_of, undetected_twins

__all__ = [
    "IMMEDIATE_ATTEMPT_WITHIN",
    "LONGEST_SERIES",
    "TWINS_START_WITHIN",
    "Amounts",
    "AuthorizationQuestion",
    "Case",
    "Catalogue",
    "ChargerState",
    "Claim",
    "Claims",
    "Comparison",
    "ComparisonSum",
    "Decision",
    "DecisionKind",
    "Dispatch",
    "DriverUnknown",
    "DueWork",
    "FollowUp",
    "Held",
    "HeldFor",
    "Intake",
    "KnownSession",
    "Ledger",
    "LineWithDelivery",
    "Lines",
    "Measurements",
    "Message",
    "MessageRefused",
    "NothingToDecide",
    "NothingToSimulate",
    "Reading",
    "Resolution",
    "Said",
    "Session",
    "SessionList",
    "SessionStarted",
    "SessionStatus",
    "SessionStopped",
    "SessionUnknown",
    "Settlement",
    "Simulated",
    "SimulatedSession",
    "SimulatedSum",
    "Simulation",
    "Start",
    "Stop",
    "StopAnswer",
    "Stories",
    "Story",
    "TwinWatch",
    "Verdict",
    "Withdrawal",
    "charging_of",
    "compared",
    "corrected_stop",
    "implausibility",
    "is_share_missing",
    "line_report",
    "meter_values",
    "place_of",
    "read_message",
    "stop_as_in",
    "sum_of_comparisons",
    "tariff_for_lines",
    "undetected_twins",
    "weighed",
]
