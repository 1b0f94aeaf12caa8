"""Notices: somebody is told of what needs a person."""

from .concerns import BlockadesNow, Concern, LedgerConcerns, ReconciledDays
from .document import TEST, Notice, NoticeState
from .looking import Looking
from .memory import Kept, Noticed, NoticeStore, Silenced
from .notices import NoNoticesAddress, Notices
from .sender import NoticeSender, Sent
from .signing import signature

__all__ = [
    "TEST",
    "BlockadesNow",
    "Concern",
    "Kept",
    "LedgerConcerns",
    "Looking",
    "NoNoticesAddress",
    "Notice",
    "NoticeSender",
    "NoticeState",
    "NoticeStore",
    "Noticed",
    "Notices",
    "ReconciledDays",
    "Sent",
    "Silenced",
    "signature",
]
