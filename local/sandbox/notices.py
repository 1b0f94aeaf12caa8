"""A receiver of notices, as an operator would have one: it takes what is signed as Standard Webhooks says."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from local.sandbox.demo_operators import notices_secret
from local.sandbox.exchange import Answer, Arrival, Target, json_answer
from local.sandbox.memory import Memory, StoredNotice
from local.sandbox.shown_body import shown_body

PREFIX = "/notices/"
_TOLERANCE_SECONDS = 300


@dataclass
class NoticeReceiver:
    """Keeps every notice in `memory`, also those that it refuses, and those that it has already."""

    memory: Memory

    def target_of(self, path: str) -> Target | None:
        return "notices" if path.startswith(PREFIX) else None

    def operator_of(self, arrival: Arrival) -> str | None:
        gln = arrival.path.removeprefix(PREFIX)
        return gln if gln.isdecimal() and len(gln) == 13 else None

    def answer(self, arrival: Arrival) -> Answer:
        gln = self.operator_of(arrival)
        if gln is None:
            return _refused(404, "Nothing is served here")
        if arrival.method != "POST":
            return _refused(405, "Only POST is allowed here")
        fault = arrival.not_json or _signature_fault(
            arrival.headers, arrival.body, secret=notices_secret(gln), now=self.memory.now()
        )
        self.memory.notices.append(
            StoredNotice(
                received_at=self.memory.now(),
                gln=gln,
                webhook_id=arrival.headers.get("webhook-id"),
                fault=fault,
                body=shown_body(arrival),
            )
        )
        return Answer(status=204) if fault is None else _refused(401, fault)

    def answer_fault(self, status: int, *, retry_after: int | None) -> Answer:
        headers = {} if retry_after is None else {"retry_after": str(retry_after)}
        return _refused(status, f"The sandbox was told to answer {status}", **headers)


def _signature_fault(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> str | None:
    notice_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not notice_id or not (sent_at.isascii() and sent_at.isdigit()):
        return "webhook-id or webhook-timestamp is missing"
    if abs(int(sent_at) - now.timestamp()) > _TOLERANCE_SECONDS:
        return "webhook-timestamp is not of now"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = hmac.digest(key, f"{notice_id}.{sent_at}.".encode() + body, hashlib.sha256)
    for given in headers.get("webhook-signature", "").split(" "):
        version, _, signature = given.partition(",")
        if version == "v1" and hmac.compare_digest(signature, base64.b64encode(expected).decode()):
            return None
    return "webhook-signature is not of this secret, id, time and body"


def _refused(status: int, message: str, **headers: str) -> Answer:
    return json_answer(status, {"status": status, "message": message}, **headers)
