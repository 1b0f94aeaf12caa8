"""What a person confirms is what was shown: a form carries a mark of it, and what differs later is shown again."""

from hashlib import sha256
from typing import Any

from shared.json_documents import print_json


def mark_of(shown: object) -> str:
    """The same for the same document, and another if anything in it differs."""
    return sha256(print_json(shown).encode()).hexdigest()


def mark_of_lines(transactions: list[dict[str, Any]]) -> str:
    """All that lines to be written say, amounts, whose they are and how they came about; not when they will be sent,
    which is later with each look.
    """
    return mark_of([{name: each[name] for name in each if name != "delivery"} for each in transactions])
