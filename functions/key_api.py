"""API keys of an operator: issued, seen without their secret, rotated, revoked."""

import azure.functions as func

from functions.call import Answer, Call
from functions.http_endpoint import endpoint
from functions.lists import PageQuery, part_of
from functions.problems import NotFound
from functions.settings_log import log_key_change
from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import IssuedKey, IssuedKeyAnswer, KeyAnswer, KeyDocument, Listed, Scope
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "api/v1/operators/{gln}/api-keys"
_LONGEST_REQUEST_ID = 100


@endpoint(
    blueprint,
    "POST",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    body=KeyDocument,
    answers={201: IssuedKeyAnswer},
    summary="Issue a key; it is shown in this answer and never again. With an Idempotency-Key header, once for each",
)
async def issue_api_key(call: Call, body: KeyDocument) -> Answer:
    issued = await wiring().api_keys.issue(
        gln=call.gln, scope=body.scope, label=body.label, by=call.caller, request_id=_request_id(call)
    )
    key = issued.key
    await log_key_change(
        call,
        action="key-issued",
        did=f"issued key {key.key_id} ({key.label}) for {key.scope}",
        key_id=key.key_id,
        status=201,
        route=_ROUTE,
    )
    return Answer(status=201, document=_issued(issued))


@endpoint(
    blueprint,
    "GET",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    query=PageQuery,
    answers={200: Listed[KeyAnswer]},
    summary="The operator's keys, without their secrets",
)
async def list_api_keys(call: Call) -> Answer:
    keys = await wiring().api_keys.all_of(gln=call.gln)
    page = part_of(keys, name=lambda key: key.key_id, query=call.query)
    items = [
        {
            "keyId": key.key_id,
            "scope": key.scope,
            "label": key.label,
            "createdAt": key.created_at,
            "validUntil": key.valid_until,
            "revokedAt": key.revoked_at,
            "lastUsedAt": key.last_used_at,
        }
        for key in page.items
    ]
    return Answer(document={"items": items, "continuation": page.continuation})


@endpoint(
    blueprint,
    "POST",
    _ROUTE + "/{keyId}/rotate",
    scope=Scope.OPERATOR_ADMIN,
    answers={200: IssuedKeyAnswer},
    summary="A new key in place of this one, which works for 24 hours more",
)
async def rotate_api_key(call: Call) -> Answer:
    issued = await wiring().api_keys.rotate(gln=call.gln, key_id=call.path["keyId"], by=call.caller)
    if issued is None:
        raise NotFound("such key")
    old, new = call.path["keyId"], issued.key.key_id
    await log_key_change(
        call,
        action="key-rotated",
        did=f"rotated key {old} ({issued.key.label}): the new one is {new}, the old one works for 24 hours more",
        key_id=old,
        status=200,
        route=_ROUTE,
    )
    return Answer(document=_issued(issued))


@endpoint(
    blueprint,
    "DELETE",
    _ROUTE + "/{keyId}",
    scope=Scope.OPERATOR_ADMIN,
    answers={204: None},
    summary="Revoke a key, at once",
)
async def revoke_api_key(call: Call) -> Answer:
    if not await wiring().api_keys.revoke(gln=call.gln, key_id=call.path["keyId"], by=call.caller):
        raise NotFound("such key")
    key_id = call.path["keyId"]
    await log_key_change(
        call, action="key-revoked", did=f"revoked key {key_id}", key_id=key_id, status=204, route=_ROUTE
    )
    return Answer(status=204)


def _request_id(call: Call) -> str | None:
    """What names this very request, if it comes again: a text that its sender makes up anew for each."""
    text = call.header("idempotency-key")
    if text is not None and not 16 <= len(text) <= _LONGEST_REQUEST_ID:
        message = f"must have 16 to {_LONGEST_REQUEST_ID} characters, made up anew for each request"
        raise DocumentRefused(FieldFault(field="Idempotency-Key", message=message))
    return text


def _issued(issued: IssuedKey) -> dict[str, object]:
    key = issued.key
    return {
        "keyId": key.key_id,
        "key": issued.text,
        "scope": key.scope,
        "label": key.label,
        "createdAt": key.created_at,
    }
