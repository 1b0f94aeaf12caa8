"""Billing: the lines that sessions became, and what follows them."""

from .follow_up import corrected_id, credit_id, credit_of, follow_up_number, is_credit, latest_line, negated
from .line import ERASED, NO_SITE, CostedLine, Line, MeteredLine, MeterValue

__all__ = [
    "ERASED",
    "NO_SITE",
    "CostedLine",
    "Line",
    "MeterValue",
    "MeteredLine",
    "corrected_id",
    "credit_id",
    "credit_of",
    "follow_up_number",
    "is_credit",
    "latest_line",
    "negated",
]
