"""Sign-in by Entra, which the platform does before a request reaches this process (docs/sign-in.md)."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any

from functions.pages.person import NotSignedIn, Person, Role

PRINCIPAL = "x-ms-client-principal"
_ROLE_TYPES = ("roles", "role", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
_ID_TYPES = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid", "sub")
_NAME_TYPES = ("preferred_username", "name", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name")
_GROUPS = "groups"
_GLN = "gln"
EVERY_OPERATOR = "*"


def person_of(headers: Mapping[str, str], *, groups: Mapping[str, tuple[str, ...]]) -> Person:
    """The person whom the platform's header names. Only to be asked where the platform is known to set that header.

    The role is the best of the app roles. The operators are those of `groups` (by the group's object id; `*` is every
    operator) and those that claims named `gln`, or directory extensions that end with `_gln`, have as their value.
    Raises NotSignedIn.
    """
    text = headers.get(PRINCIPAL)
    if not text:
        raise NotSignedIn("nobody is signed in")
    claims = list(_claims(text))
    person_id = _first(claims, _ID_TYPES)
    if person_id is None:
        raise NotSignedIn("the sign-in names nobody")
    roles = {value for kind, value in claims if kind in _ROLE_TYPES}
    of_groups = {gln for kind, value in claims if kind == _GROUPS for gln in groups.get(value.lower(), ())}
    glns = of_groups | {value for kind, value in claims if kind == _GLN or kind.endswith("_" + _GLN)}
    return Person(
        person_id=person_id,
        name=_first(claims, _NAME_TYPES) or person_id,
        role=next((role for role in (Role.ADMIN, Role.READ) if role in roles), None),
        # A claim cannot say `*`: whoever may edit a directory's attributes would have every operator.
        glns=None if EVERY_OPERATOR in of_groups else frozenset(glns),
    )


def _claims(text: str) -> Iterable[tuple[str, str]]:
    try:
        principal: Any = json.loads(base64.b64decode(text, validate=True))
        if principal["auth_typ"] != "aad":
            raise NotSignedIn("who signed in is not known to Microsoft Entra")
        return [(_clean(claim["typ"]), _clean(claim["val"])) for claim in principal["claims"]]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotSignedIn("the platform's header cannot be read") from error


def _clean(value: object) -> str:
    """Half a surrogate pair can be in JSON and in no page."""
    return str(value).encode(errors="replace").decode()


def _first(claims: Iterable[tuple[str, str]], kinds: Iterable[str]) -> str | None:
    by_kind = dict(reversed(list(claims)))
    return next((by_kind[kind] for kind in kinds if by_kind.get(kind)), None)
