"""A request's body as the list of requests shows it: JSON text without client secrets."""

import json
import re
from urllib.parse import parse_qs

from local.sandbox.exchange import Arrival

_SHOWN_FIELDS = ("grant_type", "client_id", "scope")
_REMOVED = "(removed)"
_CLIENT_SECRET = re.compile(rb"client_?secret", re.IGNORECASE)


def shown_body(arrival: Arrival) -> bytes:
    """The body itself where it is JSON, byte for byte, so that its numbers stay what they were; null if there is none.

    Of a form only the fields that are known to be harmless are shown, so that a secret cannot slip through under a
    misspelt name. Any other text is shown as a string.
    """
    if not arrival.body:
        return b"null"
    form = arrival.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if form or arrival.path.endswith("/token"):
        return json.dumps(_harmless(arrival.body)).encode()
    if _CLIENT_SECRET.search(arrival.body):
        return json.dumps(_REMOVED).encode()
    if arrival.not_json is None:
        return arrival.body
    return json.dumps(arrival.body.decode("utf-8", errors="replace")).encode()


def _harmless(form: bytes) -> dict[str, str]:
    fields = parse_qs(form.decode("utf-8", errors="replace"))
    shown = {name: values[0] for name, values in fields.items() if name in _SHOWN_FIELDS}
    return shown | {"client_secret": _REMOVED} if "client_secret" in fields else shown
