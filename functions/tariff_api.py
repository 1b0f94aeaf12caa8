"""Tariffs of an operator."""

from typing import Any

import azure.functions as func

from functions.call import Answer, Call
from functions.etags import etag, matches
from functions.http_endpoint import endpoint
from functions.lists import AtQuery, PageQuery, ValidFromQuery
from functions.problems import NotFound
from functions.settings_log import log_settings_change
from shared.operators import Changed, Listed, Scope, TariffDocument, Version, changes_between, id_fault
from shared.operators import put_tariff as carry_out
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "api/v1/operators/{gln}/tariffs"


@endpoint(
    blueprint,
    "PUT",
    _ROUTE + "/{tariffId}",
    scope=Scope.OPERATOR_ADMIN,
    body=TariffDocument,
    query=ValidFromQuery,
    answers={200: TariffDocument, 201: TariffDocument},
    summary="A new version of a tariff: the first applies to all time, later ones from now or from validFrom",
)
async def put_tariff(call: Call, body: TariffDocument) -> Answer:
    services = wiring()
    put = await carry_out(
        operator=call.operator,
        tariff_id=call.path["tariffId"],
        document=body.root,
        valid_from=call.query.validFrom,
        store=services.tariffs,
        now=call.received_at,
        matches=matches(call),
    )
    await services.configuration_changed(call.gln)
    changed = Changed(
        subject=f"tariff {put.entry.entry_id}",
        reference=f"tariff-{put.entry.entry_id}",
        created=put.created,
        changes=changes_between(put.before, put.version.document),
    )
    await log_settings_change(call, changed, home=call.operator.home, route=_ROUTE)
    return Answer(status=201 if put.created else 200, document=_shown(put.version), headers=etag(put.entry.revision))


@endpoint(
    blueprint,
    "GET",
    _ROUTE + "/{tariffId}",
    scope=Scope.OPERATOR_ADMIN,
    query=AtQuery,
    answers={200: TariffDocument},
    summary="A tariff as it is in force",
)
async def get_tariff(call: Call) -> Answer:
    tariff_id = call.path["tariffId"]
    stored = None if id_fault(tariff_id) else await wiring().tariffs.find(gln=call.gln, entry_id=tariff_id)
    version = stored.value.in_force(call.query.at or call.received_at) if stored else None
    if stored is None or version is None:
        raise NotFound(f"tariff {tariff_id}")
    return Answer(document=_shown(version), headers=etag(stored.value.revision))


@endpoint(
    blueprint,
    "GET",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    query=PageQuery,
    answers={200: Listed[TariffDocument]},
    summary="The operator's tariffs as they are in force",
)
async def list_tariffs(call: Call) -> Answer:
    page = await wiring().tariffs.listed(gln=call.gln, limit=call.query.limit, continuation=call.query.continuation)
    shown = [_shown(version) for entry in page.items if (version := entry.in_force(call.received_at)) is not None]
    return Answer(document={"items": shown, "continuation": page.continuation})


def _shown(version: Version[dict[str, Any]]) -> dict[str, Any]:
    return {**version.document, "validFrom": version.valid_from}
