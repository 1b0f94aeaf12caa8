"""Registers the functions, nothing else. Importing it reads no setting and opens no connection."""

import gc

import azure.functions as func

# What importing makes, stays: to look through it for garbage again and again takes a tenth of a cold start. Frozen, it
# is not looked through later either, while a driver waits.
gc.disable()
try:
    from functions import (
        charger_api,
        charging_events,
        charging_platform_upkeep,
        connection_api,
        contract_events,
        correction_api,
        dead_letter_api,
        decision_api,
        deliveries,
        delivery_api,
        key_api,
        log_api,
        notice_api,
        operator_api,
        reconciliation_api,
        rehearsal_api,
        retention_upkeep,
        revenue_share_api,
        service_routes,
        session_api,
        simulation_api,
        site_api,
        spot_price_api,
        tariff_api,
        upkeep,
        utility_cloud_api,
    )
    from functions.pages.doors import DOORS
finally:
    gc.freeze()
    gc.enable()

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

for door in (
    contract_events,
    charging_events,
    deliveries,
    upkeep,
    charging_platform_upkeep,
    utility_cloud_api,
    operator_api,
    key_api,
    site_api,
    charger_api,
    tariff_api,
    simulation_api,
    spot_price_api,
    session_api,
    decision_api,
    delivery_api,
    connection_api,
    correction_api,
    revenue_share_api,
    rehearsal_api,
    dead_letter_api,
    reconciliation_api,
    retention_upkeep,
    notice_api,
    log_api,
    service_routes,
    *DOORS,
):
    app.register_functions(door.blueprint)
