"""What goes through the whole stack: contract events, authorizations, stops, and lines at Utility Cloud."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from bench.figure import Figure, percentile
from bench.pricing import FLAT_TARIFF
from local.sandbox.demo_operators import DEMO_OPERATORS
from local.stack import Stack, running

AT_ONCE = 16
PATIENCE_SECONDS = 300
EVENTS = "/api/v1/charging-events"
_OPERATOR = DEMO_OPERATORS[0]


def pipeline(*, sessions: int, state: Path) -> list[Figure]:
    """Runs `sessions` drivers with one session each through a fresh stack and checks that each line arrived once."""
    with running(state=state, in_memory_tables=True) as stack:
        return asyncio.run(_pipeline(stack, sessions))


async def _pipeline(stack: Stack, count: int) -> list[Figure]:
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with (
        httpx.AsyncClient(base_url=stack.functions_url, timeout=60, limits=limits, trust_env=False) as http,
        httpx.AsyncClient(base_url=stack.sandbox_url, timeout=60, trust_env=False) as sandbox,
    ):
        keys = await _prepare(http, stack)
        platform = {"x-api-key": keys["charging-platform"]}
        contracts = await _contracts(stack, http, keys["utility-cloud"], count)
        allowed = await _each(count, lambda n: _authorize(http, platform, n))
        started = time.perf_counter()
        stops = await _each(count, lambda n: _stop(http, platform, n))
        lines = await _lines(sandbox, count, started)
    return [
        Figure(name="contract event to driver", value=count / contracts, unit="events/s", sample=count),
        *_latencies("authorization", allowed),
        *_latencies("stop acknowledged", stops),
        Figure(name="stop to line at Utility Cloud", value=count / lines, unit="sessions/s", sample=count),
    ]


async def _prepare(http: httpx.AsyncClient, stack: Stack) -> dict[str, str]:
    admin = {"x-api-key": stack.platform_admin_key}
    route = f"/api/v1/operators/{_OPERATOR.gln}"
    operator = {
        "name": "Bench",
        "mode": "costed-transaction",
        "state": "live",
        "currency": "NOK",
        "timezone": "Europe/Oslo",
        "defaultTariffId": "flat",
        "entra": {
            "directoryId": _OPERATOR.directory_id,
            "clientId": _OPERATOR.client_id,
            "clientSecret": _OPERATOR.client_secret,
            "scope": _OPERATOR.scope,
        },
    }
    tariff = json.loads(json.dumps(FLAT_TARIFF, default=float))
    for path, document in ((route, operator), (f"{route}/tariffs/flat", tariff), (f"{route}/chargers/BENCH", {})):
        (await http.put(path, json=document, headers=admin)).raise_for_status()
    keys = {}
    for scope in ("charging-platform", "utility-cloud"):
        answer = await http.post(f"{route}/api-keys", json={"scope": scope, "label": "bench"}, headers=admin)
        keys[scope] = answer.raise_for_status().json()["key"]
    return keys


async def _contracts(stack: Stack, http: httpx.AsyncClient, key: str, count: int) -> float:
    """Seconds from the first event published to the last driver active."""
    async with ServiceBusClient.from_connection_string(stack.service_bus_connection) as client:
        sender = client.get_topic_sender(stack.settings["ContractEventsTopic"])
        async with sender:
            started = time.perf_counter()
            for first in range(0, count, 100):
                await sender.send_messages([_event(n) for n in range(first, min(first + 100, count))])
    deadline = time.perf_counter() + PATIENCE_SECONDS
    for number in range(count):
        while (await http.get(f"/api/v1/drivers/{_owner(number)}", headers={"x-api-key": key})).status_code != 200:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"driver {number} never came")
            await asyncio.sleep(0.01)
    return time.perf_counter() - started


async def _each(count: int, one: Callable[[int], Awaitable[None]]) -> tuple[float, list[float]]:
    """Seconds for all, 16 at a time, and for each."""
    numbers = iter(range(count))
    latencies: list[float] = []

    async def work() -> None:
        for number in numbers:
            started = time.perf_counter()
            await one(number)
            latencies.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return time.perf_counter() - started, latencies


async def _authorize(http: httpx.AsyncClient, headers: dict[str, str], number: int) -> None:
    question = {"charger_id": "BENCH", "rfid_tag_id": _tag(number)}
    answer = (await http.post(EVENTS, json=question, headers=headers)).raise_for_status().json()
    if not answer["charging_allowed"]:
        raise RuntimeError(f"{_tag(number)} should be allowed: {answer}")


async def _stop(http: httpx.AsyncClient, headers: dict[str, str], number: int) -> None:
    ended = datetime.now(UTC)
    message = {
        "chargerId": "BENCH",
        "socketId": 1,
        "deviceTimeStampStart": (ended - timedelta(hours=1)).isoformat(),
        "deviceTimeStampEnd": ended.isoformat(),
        "transactionId": f"bench-{number}",
        "authorizedIdTag": _tag(number),
        "consumptionWh": 12345,
        "action": "transaction_stop",
    }
    answer = (await http.post(EVENTS, json=message, headers=headers)).raise_for_status().json()
    if answer["status"] != "settled":
        raise RuntimeError(f"session {number} should be settled: {answer}")


async def _lines(sandbox: httpx.AsyncClient, count: int, started: float) -> float:
    """Seconds since `started` until every line has arrived, each once."""
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while True:
        bodies: list[dict[str, Any]] = [
            item["body"] for item in (await sandbox.get("/_sandbox/transactions")).raise_for_status().json()
        ]
        if len(bodies) >= count:
            break
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{len(bodies)} of {count} lines arrived")
        await asyncio.sleep(0.05)
    elapsed = time.perf_counter() - started
    if len({body["transactionId"] for body in bodies}) != count or len(bodies) != count:
        raise RuntimeError(f"{len(bodies)} lines for {count} sessions")
    return elapsed


def _latencies(name: str, measured: tuple[float, list[float]]) -> list[Figure]:
    elapsed, latencies = measured
    count = len(latencies)
    return [
        Figure(name=f"{name}, {AT_ONCE} at once", value=count / elapsed, unit="requests/s", sample=count),
        Figure(name=f"{name}, p50", value=percentile(latencies, 0.5) * 1000, unit="ms", sample=count),
        Figure(name=f"{name}, p99", value=percentile(latencies, 0.99) * 1000, unit="ms", sample=count),
    ]


def _event(number: int) -> ServiceBusMessage:
    body = {
        "Header": {
            "EventName": "ContractActivated",
            "EventID": f"bench-{number}",
            "TenantID": _OPERATOR.gln,
            "ServiceType": "ChargingAgreement",
            "Timestamp": "2026-01-01T00:00:00Z",
        },
        "Payload": {
            "Contract": {
                "ContractID": f"B-{number}",
                "Product": {"ProductCode": "BENCH"},
                "AccountingPoint": {"Identification": _owner(number), "Details": {"Rfid": _tag(number)}},
            }
        },
    }
    return ServiceBusMessage(json.dumps(body), message_id=f"bench-{number}")


def _owner(number: int) -> str:
    return f"70705750{number:010d}"


def _tag(number: int) -> str:
    return f"B{number:09d}"
