"""Registers the functions, nothing else. Importing it reads no setting and opens no connection."""

import azure.functions as func

from functions import (
    charger_api,
    charging_events,
    contract_events,
    deliveries,
    delivery_api,
    integrations_page,
    key_api,
    log_api,
    operator_api,
    service_routes,
    session_api,
    site_api,
    tariff_api,
    upkeep,
    utility_cloud_api,
)

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

for door in (
    contract_events,
    charging_events,
    deliveries,
    upkeep,
    utility_cloud_api,
    operator_api,
    key_api,
    site_api,
    charger_api,
    tariff_api,
    session_api,
    delivery_api,
    log_api,
    integrations_page,
    service_routes,
):
    app.register_functions(door.blueprint)
