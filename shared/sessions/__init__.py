"""Sessions: what the charging platform says of them, and how they become lines."""

from .catalogue import Catalogue
from .chronicle import Chronicle, Chronicler
from .chronicle_parts import Moment, MomentKind
from .comparison import Comparison, ComparisonSum, compared, sum_of_comparisons
from .contradiction import StopAnswer, weighed
from .costed import Case, Held, is_share_missing, line_report, tariff_for_lines
from .costing import charging_of, corrected_stop, stop_as_in
from .due_work import DueWork
from .finding import Finding, Known
from .intake import Intake
from .judgement import Judgement
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
from .power import Power, power_of
from .resolution import DriverUnknown, Resolution, SessionUnknown
from .session import Decision, HeldFor, Reading, Session, SessionList, SessionStatus, Start, Stop
from .settlement import Dispatch, Settlement
from .simulated import Amounts, Simulated, SimulatedSession, SimulatedSum
from .simulation import NothingToSimulate, Simulation, SimulationRunning
from .tariff_preview import PricedHour, example_of, week_of
from .twin_watch import TwinWatch
from .twins import TWINS_START_WITHIN, Claim, Claims, KnownSession, Said, place_of, undetected_twins
from .verdict import DecisionKind, NothingToDecide, Question, QuestionKind, Verdict, question_of, why_not
from .way_out import IMMEDIATE_ATTEMPT_WITHIN

__all__ = [
    "IMMEDIATE_ATTEMPT_WITHIN",
    "LONGEST_SERIES",
    "TWINS_START_WITHIN",
    "Amounts",
    "AuthorizationQuestion",
    "Case",
    "Catalogue",
    "ChargerState",
    "Chronicle",
    "Chronicler",
    "Claim",
    "Claims",
    "Comparison",
    "ComparisonSum",
    "Decision",
    "DecisionKind",
    "Dispatch",
    "DriverUnknown",
    "DueWork",
    "Finding",
    "FollowUp",
    "Held",
    "HeldFor",
    "Intake",
    "Judgement",
    "Known",
    "KnownSession",
    "Ledger",
    "LineWithDelivery",
    "Lines",
    "Measurements",
    "Message",
    "MessageRefused",
    "Moment",
    "MomentKind",
    "NothingToDecide",
    "NothingToSimulate",
    "Power",
    "PricedHour",
    "Question",
    "QuestionKind",
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
    "SimulationRunning",
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
    "example_of",
    "implausibility",
    "is_share_missing",
    "line_report",
    "meter_values",
    "place_of",
    "power_of",
    "question_of",
    "read_message",
    "stop_as_in",
    "sum_of_comparisons",
    "tariff_for_lines",
    "undetected_twins",
    "week_of",
    "weighed",
    "why_not",
]
