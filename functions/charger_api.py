"""Chargers of an operator."""

from typing import Any

import azure.functions as func

from functions.call import Answer, Call
from functions.etags import etag, matches
from functions.http_endpoint import endpoint
from functions.lists import PageQuery
from functions.problems import NotFound
from functions.settings_log import log_settings_change
from shared.operators import Changed, Charger, ChargerAnswer, ChargerDocument, Listed, Scope, changes_between, id_fault
from shared.operators import put_charger as carry_out
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "api/v1/operators/{gln}/chargers"


@endpoint(
    blueprint,
    "PUT",
    _ROUTE + "/{chargerId}",
    scope=Scope.OPERATOR_ADMIN,
    body=ChargerDocument,
    answers={200: ChargerAnswer, 201: ChargerAnswer},
    summary="Say where a charger stands and what it gives; goes before what was learned",
)
async def put_charger(call: Call, body: ChargerDocument) -> Answer:
    services = wiring()
    put = await carry_out(
        gln=call.gln,
        charger_id=call.path["chargerId"],
        document=body,
        store=services.chargers,
        now=call.received_at,
        matches=matches(call),
    )
    await services.configuration_changed(call.gln)
    changed = Changed(
        subject=f"charger {put.charger.charger_id}",
        reference=f"charger-{put.charger.charger_id}",
        created=put.created,
        changes=changes_between(put.before.own if put.before else None, put.charger.own),
    )
    await log_settings_change(call, changed, home=call.operator.home, route=_ROUTE)
    return Answer(status=201 if put.created else 200, document=_shown(put.charger), headers=etag(put.charger.revision))


@endpoint(
    blueprint,
    "GET",
    _ROUTE + "/{chargerId}",
    scope=Scope.OPERATOR_ADMIN,
    answers={200: ChargerAnswer},
    summary="A charger, as the operator says, else as learned",
)
async def get_charger(call: Call) -> Answer:
    charger_id = call.path["chargerId"]
    stored = None if id_fault(charger_id) else await wiring().chargers.find(gln=call.gln, charger_id=charger_id)
    if stored is None:
        raise NotFound(f"charger {charger_id}")
    return Answer(document=_shown(stored.value), headers=etag(stored.value.revision))


@endpoint(
    blueprint,
    "GET",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    query=PageQuery,
    answers={200: Listed[ChargerAnswer]},
    summary="The operator's chargers, those that were only heard of too",
)
async def list_chargers(call: Call) -> Answer:
    page = await wiring().chargers.listed(gln=call.gln, limit=call.query.limit, continuation=call.query.continuation)
    return Answer(document={"items": [_shown(charger) for charger in page.items], "continuation": page.continuation})


def _shown(charger: Charger) -> dict[str, Any]:
    return {
        "chargerId": charger.charger_id,
        "siteId": charger.site_id,
        "maxPowerKW": charger.max_power_kw,
        "learned": charger.own is None,
    }
