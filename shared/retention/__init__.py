"""Retention: what is kept for how long, and what is erased when a person asks."""

from .erased import erased_attempt, erased_comparison, erased_delivery, erased_entry, erased_line, erased_session
from .erasing import Erasing, Erasures, ErasureStep
from .erasure import Erasure, NobodyToErase, NotToBeErasedYet
from .person import HeldTag, Person
from .purge import Purge
from .retired import FINISHED, is_finished, may_be_purged
from .walk import Limits, Positions, Walk, Walked

__all__ = [
    "FINISHED",
    "Erasing",
    "Erasure",
    "ErasureStep",
    "Erasures",
    "HeldTag",
    "Limits",
    "NobodyToErase",
    "NotToBeErasedYet",
    "Person",
    "Positions",
    "Purge",
    "Walk",
    "Walked",
    "erased_attempt",
    "erased_comparison",
    "erased_delivery",
    "erased_entry",
    "erased_line",
    "erased_session",
    "is_finished",
    "may_be_purged",
]
