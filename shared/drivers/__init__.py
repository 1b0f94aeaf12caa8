"""Drivers: who may charge, with which tags, where."""

from .authorization import Permission, Permissions, Places, Refusal, Verdict, authorize
from .claim import Claim, ClaimPending, Drivers, TagClaims, TagInUse, claim_tag
from .driver import ActivePeriod, Driver, Stated, Statement, StatementKind
from .holder import holder_of
from .token import Token, TokenKind, normalised

__all__ = [
    "ActivePeriod",
    "Claim",
    "ClaimPending",
    "Driver",
    "Drivers",
    "Permission",
    "Permissions",
    "Places",
    "Refusal",
    "Stated",
    "Statement",
    "StatementKind",
    "TagClaims",
    "TagInUse",
    "Token",
    "TokenKind",
    "Verdict",
    "authorize",
    "claim_tag",
    "holder_of",
    "normalised",
]
