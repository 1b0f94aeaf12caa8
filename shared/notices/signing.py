"""Signatures as Standard Webhooks has them: HMAC with SHA-256 over id, time and body."""

import base64
import hashlib
import hmac
from datetime import datetime

_PREFIX = "whsec_"


def signature(*, secret: str, notice_id: str, at: datetime, body: bytes) -> str:
    """What stands in `webhook-signature` beside this id and this time, in whole seconds. `secret` is `whsec_...`."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = b"%b.%d.%b" % (notice_id.encode(), int(at.timestamp()), body)
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
