"""What follows the line that a session became: credits `{id}-C{n}`, and corrected lines `{id}-R{n}` in its place.

Both are counted together: the n-th follow-up of a session credits what stood before it, puts a corrected line in its
place, or does both.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from .line import CostedLine, Line

_SUFFIX = re.compile(r"-([CR])([1-9][0-9]*)")


def credit_id(session_id: str, number: int) -> str:
    """The transaction id of the credit in the n-th follow-up."""
    return f"{session_id}-C{number}"


def corrected_id(session_id: str, number: int) -> str:
    """The transaction id of the corrected line in the n-th follow-up."""
    return f"{session_id}-R{number}"


def follow_up_number(line: Line) -> int:
    """With which follow-up the line came; 0 for the one that the session became."""
    found = _SUFFIX.fullmatch(line.transaction_id.removeprefix(line.session_id))
    return int(found[2]) if found else 0


def is_credit(line: Line) -> bool:
    """Whether the line takes back another."""
    found = _SUFFIX.fullmatch(line.transaction_id.removeprefix(line.session_id))
    return found is not None and found[1] == "C"


def latest_line(lines: Sequence[Line]) -> Line:
    """The one that the session became, or the last that took its place; of at least one line, in any order."""
    return max((line for line in lines if not is_credit(line)), key=follow_up_number)


def credit_of(lines: Sequence[Line], line: Line) -> Line | None:
    """The credit that takes `line` back, None if there is none."""
    return next((each for each in lines if is_credit(each) and each.credit_reference == line.transaction_id), None)


def negated(line: CostedLine, *, transaction_id: str) -> CostedLine:
    """The credit of a line: what was written, amounts and energy with the opposite sign, nothing computed anew."""
    return replace(
        line,
        transaction_id=transaction_id,
        credit_reference=line.transaction_id,
        consumption_kwh=_minus(line.consumption_kwh),
        total_incl_vat=_minus(line.total_incl_vat),
        total_excl_vat=_minus(line.total_excl_vat),
        total_vat=_minus(line.total_vat),
        revenue_share_missing=False,
        report=None,
    )


def _minus(amount: Decimal) -> Decimal:
    """Digit by digit the same; a zero has no sign."""
    return amount.copy_negate() if amount else amount
