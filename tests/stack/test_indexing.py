"""Microsoft's indexer finds every function, in an empty environment, and a cold start is short."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
IMPORT_SECONDS = 0.6
# Each in a process of its own: the indexer's registry is global, and nothing may be imported yet.
INDEX = """
import json
from local.functions_host.indexing import index
print(json.dumps([[function.name, dict(function.trigger)] for function in index(".")]))
"""
WRAPPED = """
import json
import function_app
from functions.http_endpoint import ENDPOINTS
print(json.dumps(list(ENDPOINTS)))
"""
MEASURE = """
import sys, time
started = time.process_time()
import function_app
used = time.process_time() - started
heavy = {"azure.data.tables", "azure.identity", "azure.servicebus", "azure.keyvault.secrets", "aiohttp", "httpx"}
print(used, *sorted(heavy & set(sys.modules)))
"""
OPERATORS = "api/v1/operators/{gln}"
HTTP = {
    "health": ("GET", "health"),
    "openapi": ("GET", "api/openapi.json"),
    "list_operators": ("GET", "api/v1/operators"),
    "put_operator": ("PUT", OPERATORS),
    "get_operator": ("GET", OPERATORS),
    "issue_api_key": ("POST", f"{OPERATORS}/api-keys"),
    "list_api_keys": ("GET", f"{OPERATORS}/api-keys"),
    "rotate_api_key": ("POST", f"{OPERATORS}/api-keys/{{keyId}}/rotate"),
    "revoke_api_key": ("DELETE", f"{OPERATORS}/api-keys/{{keyId}}"),
    "put_site": ("PUT", f"{OPERATORS}/sites/{{siteId}}"),
    "get_site": ("GET", f"{OPERATORS}/sites/{{siteId}}"),
    "take_over_sites_now": ("POST", f"{OPERATORS}/sites/take-over"),
    "get_charging_platform": ("GET", f"{OPERATORS}/charging-platform"),
    "list_sites": ("GET", f"{OPERATORS}/sites"),
    "put_charger": ("PUT", f"{OPERATORS}/chargers/{{chargerId}}"),
    "get_charger": ("GET", f"{OPERATORS}/chargers/{{chargerId}}"),
    "list_chargers": ("GET", f"{OPERATORS}/chargers"),
    "put_tariff": ("PUT", f"{OPERATORS}/tariffs/{{tariffId}}"),
    "get_tariff": ("GET", f"{OPERATORS}/tariffs/{{tariffId}}"),
    "list_tariffs": ("GET", f"{OPERATORS}/tariffs"),
    "simulate_tariff": ("POST", f"{OPERATORS}/tariffs/{{tariffId}}/simulate"),
    "put_spot_prices": ("PUT", f"{OPERATORS}/spot-prices/{{biddingZone}}/{{date}}"),
    "get_spot_prices": ("GET", f"{OPERATORS}/spot-prices/{{biddingZone}}/{{date}}"),
    "list_spot_prices": ("GET", f"{OPERATORS}/spot-prices"),
    "list_sessions": ("GET", f"{OPERATORS}/sessions"),
    "get_session": ("GET", f"{OPERATORS}/sessions/{{sessionId}}"),
    "resolve_session": ("POST", f"{OPERATORS}/sessions/{{sessionId}}/resolve"),
    "credit_transaction": ("POST", f"{OPERATORS}/transactions/{{transactionId}}/credit"),
    "correct_transaction": ("POST", f"{OPERATORS}/transactions/{{transactionId}}/correction"),
    "list_missing_revenue_shares": ("GET", f"{OPERATORS}/revenue-share/missing"),
    "get_rehearsal": ("GET", f"{OPERATORS}/rehearsal"),
    "list_deliveries": ("GET", f"{OPERATORS}/deliveries"),
    "retry_delivery": ("POST", f"{OPERATORS}/deliveries/{{transactionId}}/retry"),
    "try_connection": ("POST", f"{OPERATORS}/connection-test"),
    "list_dead_letters": ("GET", f"{OPERATORS}/dead-letters"),
    "reprocess_dead_letter": ("POST", f"{OPERATORS}/dead-letters/{{sequenceNumber}}/reprocess"),
    "discard_dead_letter": ("DELETE", f"{OPERATORS}/dead-letters/{{sequenceNumber}}"),
    "list_all_dead_letters": ("GET", "api/v1/dead-letters"),
    "reprocess_any_dead_letter": ("POST", "api/v1/dead-letters/{sequenceNumber}/reprocess"),
    "discard_any_dead_letter": ("DELETE", "api/v1/dead-letters/{sequenceNumber}"),
    "get_reconciliation": ("GET", f"{OPERATORS}/reconciliation"),
    "run_reconciliation": ("POST", f"{OPERATORS}/reconciliation"),
    "list_notices": ("GET", f"{OPERATORS}/notices"),
    "try_notices": ("POST", f"{OPERATORS}/notices/test"),
    "erase_driver": ("DELETE", f"{OPERATORS}/drivers/{{externalId}}"),
    "list_logs": ("GET", f"{OPERATORS}/logs"),
    "list_unowned_logs": ("GET", "api/v1/logs"),
    "list_counts": ("GET", "api/v1/counts"),
    "charging_event": ("POST", "api/v1/charging-events"),
    "get_transaction": ("GET", "api/v1/transactions/{transactionId}"),
    "list_transactions": ("GET", "api/v1/transactions"),
    "get_driver": ("GET", "api/v1/drivers/{externalId}"),
    "start_page": ("GET", "/"),
    "integrations_page": ("GET", "integrations/{gln}"),
}
OTHERS: dict[str, dict[str, Any]] = {
    "contract_event": {
        "type": "serviceBusTrigger",
        "topicName": "%ContractEventsTopic%",
        "subscriptionName": "%ContractEventsSubscription%",
        "connection": "ServiceBusConnection",
    },
    "deliver": {
        "type": "serviceBusTrigger",
        "queueName": "%DeliveriesQueue%",
        "connection": "ServiceBusConnection",
    },
    "retry_deliveries": {"type": "timerTrigger", "schedule": "*/15 * * * * *", "runOnStartup": False},
    "probe_blocked_operators": {"type": "timerTrigger", "schedule": "30 * * * * *", "runOnStartup": False},
    "sweep_missed_sessions": {"type": "timerTrigger", "schedule": "0 */10 * * * *", "runOnStartup": False},
    "take_over_sites": {"type": "timerTrigger", "schedule": "0 45 1 * * *", "runOnStartup": False},
    "reconcile": {"type": "timerTrigger", "schedule": "0 30 * * * *", "runOnStartup": False},
    "send_notices": {"type": "timerTrigger", "schedule": "45 * * * * *", "runOnStartup": False},
    "purge": {"type": "timerTrigger", "schedule": "0 15 3 * * *", "runOnStartup": False},
    "redrive_dead_letters": {"type": "timerTrigger", "schedule": "0 * * * * *", "runOnStartup": False},
}


def _run(program: str) -> str:
    """What a program prints that has nothing in its environment, and fails for any warning."""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=PROJECT, env={}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def _indexed() -> dict[str, dict[str, Any]]:
    return dict(json.loads(_run(INDEX).splitlines()[-1]))


def test_every_http_function_is_found_under_its_route() -> None:
    found = {
        name: (trigger["methods"][0], trigger["route"])
        for name, trigger in _indexed().items()
        if trigger["type"] == "httpTrigger"
    }
    assert found == HTTP
    assert len(set(found.values())) == len(found)


def test_every_other_function_has_its_trigger_and_there_are_no_more() -> None:
    found = {name: trigger for name, trigger in _indexed().items() if trigger["type"] != "httpTrigger"}
    assert found.keys() == OTHERS.keys()
    for name, expected in OTHERS.items():
        assert {part: found[name][part] for part in expected} == expected


def test_no_http_function_escapes_the_wrapper() -> None:
    wrapped = set(json.loads(_run(WRAPPED)))
    assert wrapped == {name for name, trigger in _indexed().items() if trigger["type"] == "httpTrigger"}


def test_every_http_function_has_one_method_and_asks_the_platform_for_no_key() -> None:
    for name, trigger in _indexed().items():
        if trigger["type"] == "httpTrigger":
            assert len(trigger["methods"]) == 1, name
            assert trigger["authLevel"].lower() == "anonymous", name


def test_importing_the_app_reads_no_setting_loads_no_client_and_is_quick() -> None:
    used, *heavy = min((_run(MEASURE).split() for _ in range(3)), key=lambda printed: float(printed[0]))
    assert heavy == []
    assert float(used) < IMPORT_SECONDS
