"""Corrections: what people change of lines that were written. What was charged is never edited."""

from .change import Change
from .corrections import Corrections, Followed
from .missing_shares import MissingShare, MissingShares
from .refusals import CorrectionRefused, CreditRefused, NotInForce, TransactionUnknown

__all__ = [
    "Change",
    "CorrectionRefused",
    "Corrections",
    "CreditRefused",
    "Followed",
    "MissingShare",
    "MissingShares",
    "NotInForce",
    "TransactionUnknown",
]
