"""What a page says once after something was done: in a cookie, sealed, so that nobody else can put it there."""

import base64
import binascii
import hmac
import secrets
from functools import cache

from functions.pages.person import Person

COOKIE = "said"
_LONGEST = 1500
_SEAL = 32


def sealed(text: str, person: Person, *, secret: str | None) -> str:
    """A text for this person, as a cookie can carry it. `secret` is the same in every process."""
    said = text.encode(errors="replace")[:_LONGEST]
    return base64.urlsafe_b64encode(_seal(said, person, secret) + said).decode()


def unsealed(value: str | None, person: Person, *, secret: str | None) -> str | None:
    """The text again; None for what was not sealed here for this person."""
    if not value:
        return None
    try:
        carried = base64.urlsafe_b64decode(value)
    except (binascii.Error, ValueError):
        return None
    seal, said = carried[:_SEAL], carried[_SEAL:]
    if not hmac.compare_digest(seal, _seal(said, person, secret)):
        return None
    return said.decode(errors="replace")


def _seal(said: bytes, person: Person, secret: str | None) -> bytes:
    # With the person: what was said to one, who may have chosen its words, is not said to another.
    to_whom = person.person_id.encode(errors="replace")
    return hmac.digest(_key(secret), len(to_whom).to_bytes(4) + to_whom + said, "sha256")


@cache
def _key(secret: str | None) -> bytes:
    """Without a secret one of this process alone: what another process said is then not shown."""
    if secret is None:
        return secrets.token_bytes(_SEAL)
    return hmac.digest(secret.encode(), b"what pages say once", "sha256")
