"""Sign-in on a developer's own machine: whoever opens a page is a developer, and may be anybody else instead."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from functions.pages.person import NotSignedIn, Person, Role

COOKIE = "developer"
DEVELOPER = Person(person_id="developer", name="Developer", role=Role.ADMIN, glns=None)
_LOCAL = {"127.0.0.1", "localhost", "[::1]"}


def is_local(headers: Mapping[str, str]) -> bool:
    """Whether the request was made to this machine by one of its own names, and nobody passed it on: neither a foreign
    page nor a tunnel can do that unseen.
    """
    if any(name.lower().startswith("x-forwarded-") or name.lower() == "forwarded" for name in headers):
        return False
    host = headers.get("host", "").lower()
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name in _LOCAL


def person_of(headers: Mapping[str, str], cookies: Mapping[str, str]) -> Person:
    """The person chosen, else the developer. Raises NotSignedIn for who signed out, and away from this machine."""
    if not is_local(headers):
        raise NotSignedIn("the development sign-in is for this machine alone")
    chosen = cookies.get(COOKIE)
    if chosen is None:
        return DEVELOPER
    try:
        stored: Any = json.loads(base64.urlsafe_b64decode(chosen))
        glns = stored["glns"]
        return Person(
            person_id=f"developer as {stored['name']}",
            name=str(stored["name"]).encode(errors="replace").decode(),
            role=Role(stored["role"]) if stored["role"] else None,
            glns=None if glns is None else frozenset(map(str, glns)),
        )
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotSignedIn("nobody is signed in") from error


def cookie_for(person: Person | None) -> str:
    """The cookie's value that makes the next pages be seen by `person`; None: by nobody."""
    if person is None:
        return "nobody"
    glns = None if person.glns is None else sorted(person.glns)
    document = {"name": person.name, "role": person.role, "glns": glns}
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()
