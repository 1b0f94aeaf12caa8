"""Operators configure themselves; a platform-admin creates them."""

from typing import Any

import azure.functions as func

from functions.call import Answer, Call
from functions.etags import etag, matches
from functions.http_endpoint import endpoint
from functions.lists import PageQuery, part_of
from functions.settings_log import log_settings_change
from shared.delivery import Blockade
from shared.operators import Changed, Listed, Operator, OperatorDocument, Scope, changes_between
from shared.operators import put_operator as carry_out
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "api/v1/operators/{gln}"


@endpoint(
    blueprint,
    "PUT",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    operator_may_be_missing=True,
    body=OperatorDocument,
    answers={200: OperatorDocument, 201: OperatorDocument},
    summary="Set an operator up (platform-admin), or configure it anew; secrets that are not given stay",
)
async def put_operator(call: Call, body: OperatorDocument) -> Answer:
    services = wiring()
    put = await carry_out(
        gln=call.gln,
        document=body,
        by=call.caller,
        store=services.operators,
        secrets=services.secrets,
        allow_local_addresses=services.settings.allow_local_addresses,
        now=call.received_at,
        matches=matches(call),
    )
    await services.configuration_changed(call.gln)
    changed = Changed(
        subject=f"operator {call.gln}",
        reference=call.gln,
        created=put.created,
        changes=changes_between(put.before, put.operator),
    )
    await log_settings_change(call, changed, home=put.operator.home, route=_ROUTE)
    blockade = await services.blockades.now_of(call.gln)
    if blockade is not None:
        services.probing.start(call.gln)
    document = _shown(put.operator, blockade)
    if put.made_up_secret is not None:
        document["notices"]["secret"] = put.made_up_secret
    return Answer(status=201 if put.created else 200, document=document, headers=etag(put.operator.revision))


@endpoint(
    blueprint,
    "GET",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    answers={200: OperatorDocument},
    summary="An operator's configuration, without its secrets",
)
async def get_operator(call: Call) -> Answer:
    # Not the cached one: its ETag is for the next If-Match.
    services = wiring()
    stored = await services.operators.find(gln=call.gln)
    operator = stored.value if stored else call.operator
    blockade = await services.blockades.now_of(call.gln)
    return Answer(document=_shown(operator, blockade), headers=etag(operator.revision))


@endpoint(
    blueprint,
    "GET",
    "api/v1/operators",
    scope=Scope.PLATFORM_ADMIN,
    query=PageQuery,
    answers={200: Listed[OperatorDocument]},
    summary="All operators",
)
async def list_operators(call: Call) -> Answer:
    services = wiring()
    operators = sorted(
        await services.operators.every(), key=lambda operator: (operator.created_at, operator.gln), reverse=True
    )
    page = part_of(operators, name=lambda operator: operator.gln, query=call.query)
    blocked = await services.blockades.in_force()
    items = [_shown(one, blocked.get(one.gln)) for one in page.items]
    return Answer(document={"items": items, "continuation": page.continuation})


def _shown(operator: Operator, blockade: Blockade | None) -> dict[str, Any]:
    """As it was put, whether there are secrets instead of the secrets, and whether lines leave."""
    entra, there, platform = operator.entra, operator.utility_cloud, operator.charging_platform
    return {
        "gln": operator.gln,
        "name": operator.name,
        "mode": operator.mode,
        "state": operator.state,
        "currency": operator.currency,
        "timezone": operator.timezone,
        "accountingPointPattern": operator.accounting_point_pattern,
        "virtualTokenPrefix": operator.virtual_token_prefix,
        "nullMeans": operator.null_means,
        "defaultSiteId": operator.default_site_id,
        "defaultTariffId": operator.default_tariff_id,
        "products": [
            {"productCode": product.product_code, "tariffId": product.tariff_id, "siteId": product.site_id}
            for product in operator.products
        ],
        "entra": {
            "directoryId": entra.directory_id,
            "clientId": entra.client_id,
            "scope": entra.scope,
            "secretExpiresAt": entra.secret_expires_at,
            "clientSecretSet": entra.client_secret is not None,
        }
        if entra
        else None,
        "utilityCloud": {
            "invoiceLineUrl": there.invoice_line_url,
            "meterValuesUrl": there.meter_values_url,
            "sendTenantHeader": there.send_tenant_header,
            "lineLookup": there.line_lookup,
        },
        "chargingPlatform": {
            "sessionsUrl": platform.sessions_url,
            "sitesUrl": platform.sites_url,
            "apiKeySet": platform.api_key is not None,
        },
        "notices": {
            "url": operator.notices.url,
            "kinds": list(operator.notices.kinds),
            "secretSet": True,
        }
        if operator.notices
        else None,
        "rehearsal": {"mode": operator.rehearsal.mode} if operator.rehearsal else None,
        "blocked": {"since": blockade.since, "kind": blockade.kind, "reason": blockade.reason} if blockade else None,
    }
