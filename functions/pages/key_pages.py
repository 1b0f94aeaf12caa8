"""API keys: issued and rotated, shown in that one answer and never again, and revoked."""

from collections.abc import Mapping, Sequence
from typing import Any

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.connected import keys_of
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Done, Shown, Visit
from shared.faults import RowConflict
from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import KeyEnded, KeyIssuedAlready, KeyRotatedAlready, RequestIdTaken, Scope
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "integrations/{gln}/keys"
SCOPES: Mapping[str, str] = {
    Scope.CHARGING_PLATFORM: "The charging platform sends its sessions with it, and asks whether a tag may charge. "
    "It reads nothing else.",
    Scope.UTILITY_CLOUD: "Utility Cloud looks up lines and drivers with it. It changes nothing.",
    Scope.OPERATOR_ADMIN: "Your own programs do with it all that these pages do: settings, corrections, keys. "
    "Give it to few.",
}
"""What people issue keys for, and what each may do. Keys of the platform's administrators are not made here."""


@page(blueprint, "GET", _ROUTE, role=Role.READ)
async def keys_page(visit: Visit) -> Shown:
    """The operator's keys."""
    return await _shown(visit)


@page(blueprint, "POST", _ROUTE, role=Role.ADMIN)
async def issue_key(visit: Visit) -> Shown | Done:
    """A new key, on this answer alone: an address that showed it again would be in the browser's history. The same form
    sent twice issues one.
    """
    wanted = {"scope": visit.form.get("scope", ""), "label": visit.form.get("label", "")}
    if wanted["scope"] not in SCOPES:
        return await _shown(visit, typed=wanted, faults=[FieldFault(field="scope", message="choose what it is for")])
    try:
        issued = await ask(visit, "issue_api_key", document=wanted, request_id=visit.form.get("once"))
    except DocumentRefused as refused:
        return await _shown(visit, typed=wanted, faults=_in_words(refused, wanted))
    except (KeyIssuedAlready, RequestIdTaken) as error:
        said = (
            f"!This form was sent before and has issued the key {error.key_id}: there is no second one. If you did not "
            "see its text, rotate it: the new text is shown then."
        )
        return Done(to=_address(visit), said=said)
    return _shown_once(issued, old=None)


@page(blueprint, "POST", _ROUTE + "/{keyId}/rotate", role=Role.ADMIN)
async def rotate_key(visit: Visit) -> Shown | Done:
    """A new key in place of one that holds, on this answer alone."""
    try:
        issued = await ask(visit, "rotate_api_key", path=visit.path)
    except KeyEnded:
        return Done(to=_address(visit), said="!This key has ended already and cannot be rotated. Issue a new one.")
    except KeyRotatedAlready:
        said = "!This key was rotated already. Rotate the one that took its place, or issue a new one."
        return Done(to=_address(visit), said=said)
    except RowConflict:
        return Done(to=_address(visit), said="!Somebody changed this key just now. Look at it, then try again.")
    return _shown_once(issued, old=visit.path["keyId"])


@page(blueprint, "POST", _ROUTE + "/{keyId}/revoke", role=Role.ADMIN)
async def revoke_key(visit: Visit) -> Done:
    """Ends a key."""
    await ask(visit, "revoke_api_key", path=visit.path)
    return Done(
        to=_address(visit), said=f"Key {visit.path['keyId']} is revoked. Everywhere it is refused within 10 seconds."
    )


async def _shown(visit: Visit, *, typed: Mapping[str, str] | None = None, faults: Sequence[FieldFault] = ()) -> Shown:
    values: dict[str, Any] = {
        "keys": await keys_of(visit),
        "scopes": SCOPES,
        "typed": typed or {},
        "faults": faults,
        "now": visit.now,
    }
    return Shown(template="keys.html", values=values, status=422 if faults else 200)


def _shown_once(issued: Mapping[str, Any], *, old: str | None) -> Shown:
    values = {
        "issued": issued,
        "old": old,
        "purpose": SCOPES.get(issued["scope"], ""),
        "public_address": wiring().settings.public_address,
    }
    return Shown(template="key_issued.html", values=values)


def _address(visit: Visit) -> str:
    return f"/integrations/{visit.gln}/keys"


def _in_words(refused: DocumentRefused, wanted: Mapping[str, str]) -> list[FieldFault]:
    """An empty label is told as what to enter instead."""
    return [
        FieldFault(field=fault.field, message="say who will use it, so that it can be told from others")
        if fault.field == "label" and not wanted["label"]
        else fault
        for fault in refused.faults
    ]
