"""The refusals of Microsoft Entra's token endpoint: which code goes with which status and OAuth error."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from local.sandbox.exchange import Answer, json_answer


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` is the number after AADSTS, `error` the OAuth error, `text` says it to a person."""

    code: int
    status: int
    error: str
    text: str


UNKNOWN_DIRECTORY = Refusal(90002, 400, "invalid_request", "No directory has this id.")
UNKNOWN_APPLICATION = Refusal(700016, 400, "unauthorized_client", "The directory has no application with this id.")
MISSING_FIELD = Refusal(900144, 400, "invalid_request", "The form lacks a field, or has it twice: ")
WRONG_GRANT = Refusal(70003, 400, "unsupported_grant_type", "Only client_credentials is granted here.")
MISSING_SECRET = Refusal(7000218, 401, "invalid_client", "The form lacks client_secret.")
WRONG_SECRET = Refusal(7000215, 401, "invalid_client", "The client secret is not one of this application's.")
EXPIRED_SECRET = Refusal(7000222, 401, "invalid_client", "The client secret has expired.")
MALFORMED_SCOPE = Refusal(1002012, 400, "invalid_scope", "For client credentials the scope must end in /.default.")
UNKNOWN_RESOURCE = Refusal(500011, 400, "invalid_resource", "The directory knows no resource with this scope.")


def refusal_by_status(status: int) -> Refusal:
    """The refusal to show when a test only asked for a status."""
    if status == 401:
        return WRONG_SECRET
    if status in (408, 429) or status >= 500:
        return Refusal(90033, status, "temporarily_unavailable", f"The sandbox was told to answer {status}.")
    return Refusal(900144, status, "invalid_request", f"The sandbox was told to answer {status}.")


def refuse(refusal: Refusal, *, now: datetime, detail: str = "", correlation_id: str | None = None) -> Answer:
    """The refusal in the shape of Entra's error bodies."""
    trace_id = str(uuid.uuid4())
    correlation_id = correlation_id or str(uuid.uuid4())
    timestamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
    told = f"AADSTS{refusal.code}: {refusal.text}{detail}"
    body = {
        "error": refusal.error,
        "error_description": f"{told} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}",
        "error_codes": [refusal.code],
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
    }
    return json_answer(refusal.status, body, cache_control="no-store")
