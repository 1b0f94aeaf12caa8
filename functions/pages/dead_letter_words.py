"""What a dead letter says it is, for people."""

from typing import Any

from functions.pages.printed_text import printed_text
from shared.json_documents import print_json


def in_words(body: Any, operators: dict[str, str]) -> dict[str, Any]:
    """What the message says it is, as far as it can be read, and its body for people."""
    header = _member(body, "Header")
    point = _member(_member(_member(body, "Payload"), "Contract"), "AccountingPoint")
    gln = _text(header, "TenantID")
    return {
        "event": _text(header, "EventName") or _text(header, "EventType"),
        "gln": gln,
        "name": operators.get(gln) if gln else None,
        "point": _text(point, "Identification"),
        "printed": body if isinstance(body, str) else printed_text(print_json(body)).text,
    }


def _member(document: Any, name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else None


def _text(document: Any, name: str) -> str | None:
    value = _member(document, name)
    return value if isinstance(value, str) else None
