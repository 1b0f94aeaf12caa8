"""Reconciliation: do sessions, lines and what Utility Cloud has agree, day by day?"""

from .asking import ASKED_A_SECOND
from .difference import Difference, DifferenceKind, NotChecked
from .local_days import LocalDay, last_night, local_day
from .ports import EndedSessions, LinesElsewhere, Reconciliations
from .reconcile import DayNotBegun, Reconciliation
from .reconciled import Reconciled, ReconciledState, reference_of
from .tally import Tally, Totals

__all__ = [
    "ASKED_A_SECOND",
    "DayNotBegun",
    "Difference",
    "DifferenceKind",
    "EndedSessions",
    "LinesElsewhere",
    "LocalDay",
    "NotChecked",
    "Reconciled",
    "ReconciledState",
    "Reconciliation",
    "Reconciliations",
    "Tally",
    "Totals",
    "last_night",
    "local_day",
    "reference_of",
]
