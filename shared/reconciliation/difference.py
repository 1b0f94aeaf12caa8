"""What does not agree, of which kind, in words that say what to do."""

from dataclasses import dataclass
from enum import StrEnum


class DifferenceKind(StrEnum):
    """From what is not a line yet to what is not the same at Utility Cloud."""

    HELD = "held"
    CONFLICT = "conflict"
    NO_LINE = "no-line"
    NOT_DELIVERED = "not-delivered"
    MISSING_AT_UTILITY_CLOUD = "missing-at-utility-cloud"
    DIFFERENT_AT_UTILITY_CLOUD = "different-at-utility-cloud"
    NOT_ASKED = "not-asked"


class NotChecked(StrEnum):
    """Why nobody can say whether a line is at Utility Cloud."""

    METER_VALUE = "meter-value"
    NO_LINE_LOOKUP = "line-lookup-none"
    REHEARSED = "rehearsed"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that does not agree. `transaction_id` is the line's, or the session's where there is no line."""

    kind: DifferenceKind
    transaction_id: str
    detail: str
