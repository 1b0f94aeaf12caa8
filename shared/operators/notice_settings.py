"""Where an operator wants to be told of what needs a person, and of what."""

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SECRET_PREFIX = "whsec_"  # noqa: S105  Standard Webhooks' prefix of secrets, none itself
_FEWEST_BYTES, _MOST_BYTES, _OUR_BYTES = 24, 64, 32


class NoticeKind(StrEnum):
    """What can be told."""

    OPERATOR_BLOCKED = "operator-blocked"
    OPERATOR_RELEASED = "operator-released"
    LINE_REJECTED = "line-rejected"
    LINE_EXHAUSTED = "line-exhausted"
    SESSION_HELD = "session-held"
    DEAD_LETTER = "dead-letter"
    SECRET_EXPIRING = "secret-expiring"  # noqa: S105  a kind, no secret
    RECONCILIATION_DIFFERENCE = "reconciliation-difference"
    REVENUE_SHARE_MISSING = "revenue-share-missing"


@dataclass(frozen=True, kw_only=True)
class NoticeSettings:
    """`secret` is the version under which OperatorSecrets keeps it, never the secret. `since`: when the address was
    set; what was over by then is not told.
    """

    url: str
    secret: str
    since: datetime
    kinds: tuple[NoticeKind, ...] = tuple(NoticeKind)


def secret_fault(text: str) -> str | None:
    """Why `text` is no secret to sign with, or None."""
    what = f"must be {SECRET_PREFIX} followed by {_FEWEST_BYTES} to {_MOST_BYTES} bytes in base64"
    if not text.startswith(SECRET_PREFIX):
        return what
    try:
        size = len(base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        return what
    return None if _FEWEST_BYTES <= size <= _MOST_BYTES else what


def new_secret() -> str:
    """A secret that nobody can guess."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_OUR_BYTES)).decode()
