"""Microsoft's indexer finds every function, in an empty environment, and a cold start is short."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
# A cold start waits for libraries and for what is the app's own. The app adds the libraries' time once more today; what
# the machine is and does changes both alike.
MOST_TO_LIBRARIES = 2.6
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
from functions.pages.page_endpoint import PAGES
pages = {name: (spec.method, spec.route) for name, spec in PAGES.items()}
print(json.dumps([list(ENDPOINTS), pages]))
"""
# What no part of the app can do without: it registers functions, describes documents, and reads JSON numbers exactly.
LIBRARIES = "import azure.functions, pydantic.alias_generators, pydantic.root_model, pydantic.type_adapter, simplejson"
APP = "import function_app"
MEASURE = """
import sys, time
started = time.process_time()
{importing}
used = time.process_time() - started
print(used, *sorted(sys.modules))
"""
# What a driver at a charger does not wait for: these are imported when they are first used.
NOT_FOR_A_DRIVER = ("charging_platform", "contracts", "corrections", "notices", "reconciliation", "retention")
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
    "foresee_decision": ("GET", f"{OPERATORS}/sessions/{{sessionId}}/foreseen"),
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
    "asset": ("GET", "assets/{file}"),
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
        "connection": "DeliveriesConnection",
    },
    "retry_deliveries": {"type": "timerTrigger", "schedule": "*/15 * * * * *", "runOnStartup": False},
    "probe_blocked_operators": {"type": "timerTrigger", "schedule": "30 * * * * *", "runOnStartup": False},
    "sweep_missed_sessions": {"type": "timerTrigger", "schedule": "0 */10 * * * *", "runOnStartup": False},
    "take_over_sites": {"type": "timerTrigger", "schedule": "0 45 1 * * *", "runOnStartup": False},
    "reconcile": {"type": "timerTrigger", "schedule": "0 30 * * * *", "runOnStartup": False},
    "send_notices": {"type": "timerTrigger", "schedule": "45 * * * * *", "runOnStartup": False},
    "purge": {"type": "timerTrigger", "schedule": "0 15 3 * * *", "runOnStartup": False},
    "redrive_dead_letters": {"type": "timerTrigger", "schedule": "0 * * * * *", "runOnStartup": False},
    "measure": {"type": "timerTrigger", "schedule": "15 */5 * * * *", "runOnStartup": False},
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
    _, pages = json.loads(_run(WRAPPED))
    assert found == {**HTTP, **{name: tuple(page) for name, page in pages.items()}}
    assert len(set(found.values())) == len(found)


def test_every_other_function_has_its_trigger_and_there_are_no_more() -> None:
    found = {name: trigger for name, trigger in _indexed().items() if trigger["type"] != "httpTrigger"}
    assert found.keys() == OTHERS.keys()
    for name, expected in OTHERS.items():
        assert {part: found[name][part] for part in expected} == expected


def test_no_http_function_escapes_the_wrapper() -> None:
    endpoints, pages = json.loads(_run(WRAPPED))
    files = {"asset"}  # the same for everybody
    wrapped = {*endpoints, *pages, *files}
    assert wrapped == {name for name, trigger in _indexed().items() if trigger["type"] == "httpTrigger"}


def test_every_http_function_has_one_method_and_asks_the_platform_for_no_key() -> None:
    for name, trigger in _indexed().items():
        if trigger["type"] == "httpTrigger":
            assert len(trigger["methods"]) == 1, name
            assert trigger["authLevel"].lower() == "anonymous", name


def _imported(importing: str) -> tuple[float, set[str]]:
    """Seconds of CPU that importing takes in a process of its own, and the modules that are loaded then."""
    used, *modules = _run(MEASURE.format(importing=importing)).split()
    return float(used), set(modules)


def _libraries(modules: set[str]) -> set[str]:
    """The libraries that modules belong to; `azure` is a folder that many share."""
    parts = [module.split(".") for module in modules]
    named = {".".join(part[:2]) if part[0] == "azure" else part[0] for part in parts}
    return named - sys.stdlib_module_names - {"__main__", "azure", "function_app", "functions", "shared"}


def test_importing_the_app_reads_no_setting_and_loads_only_the_libraries_that_it_cannot_do_without() -> None:
    _, libraries = _imported(LIBRARIES)
    _, app = _imported(APP)
    assert _libraries(app) - _libraries(libraries) == set()


def test_importing_the_app_loads_nothing_that_a_driver_at_a_charger_does_not_wait_for() -> None:
    _, app = _imported(APP)
    assert [room for room in NOT_FOR_A_DRIVER if f"shared.{room}" in app] == []


def test_importing_the_app_takes_little_more_than_importing_its_libraries() -> None:
    pairs = [(_imported(LIBRARIES)[0], _imported(APP)[0]) for _ in range(5)]
    libraries, app = (min(seconds) for seconds in zip(*pairs, strict=True))
    assert app / libraries < MOST_TO_LIBRARIES
