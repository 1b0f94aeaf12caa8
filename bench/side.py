"""The two that are measured beside each other: the function app and the floor, each with services of its own."""

import asyncio
import json
import pickle
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from pathlib import Path

import aiohttp
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender

from bench import messages
from bench.floor.step import QUESTION, STOP, Recording
from local.stack import SANDBOX, SERVICE_BUS, TABLES, Stack, running
from local.stack.runner import Runner
from local.stack.service import Service

PATIENCE_SECONDS = 300
_FLOOR = "floor"
_COUNTED_BY_THE_APP = {"event": "contract-events.ContractActivated", "delivery": "deliveries.delivered"}


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two, as seen from outside."""

    name: str
    stack: Stack
    http: aiohttp.ClientSession
    topic: ServiceBusSender
    key: str
    """The charging platform's."""
    publishing: asyncio.Lock = field(default_factory=asyncio.Lock)
    counted: Mapping[str, str]
    """What it calls an event that was carried out and a line that was delivered, in its counts."""

    async def is_allowed(self, number: int) -> bool:
        """Whether the tag of driver `number` may charge."""
        return messages.is_allowed(await self._ask(QUESTION, number, messages.question(number)))

    async def stop(self, number: int, *, drivers: int) -> None:
        """Session `number`, of one of so many drivers, has ended. Raises RuntimeError unless it is settled."""
        answer = await self._ask(STOP, number, messages.stop_of_many(number, drivers=drivers))
        if not messages.is_settled(answer):
            raise RuntimeError(f"{self.name}: session {number} should be settled: {answer!r}")

    async def publish(self, numbers: range) -> None:
        """Contract events of these drivers, in batches of 100."""
        events = [ServiceBusMessage(messages.contract_event(n), message_id=messages.session(n)) for n in numbers]
        async with self.publishing:  # a sender does one thing at a time
            for batch in batched(events, 100, strict=False):
                await self.topic.send_messages(list(batch))

    async def done(self, what: str) -> int:
        """How many of these it has done since it started."""
        async with self.http.get("/api/v1/counts", headers={"x-api-key": self.stack.platform_admin_key}) as response:
            response.raise_for_status()
            return int((await response.json())["counts"].get(self.counted[what], 0))

    async def until_done(self, what: str, count: int, *, pause: float = 0.05) -> None:
        """Waits until it has done so many. Raises TimeoutError."""
        deadline = time.perf_counter() + PATIENCE_SECONDS
        while (found := await self.done(what)) < count:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{self.name}: {found} of {count} {what}s after {PATIENCE_SECONDS} s")
            await asyncio.sleep(pause)

    async def arrived(self) -> dict[str, datetime]:
        """When each line came to Utility Cloud, by its id. Raises RuntimeError if one came twice, or wrong."""
        async with self.http.get(f"{self.stack.sandbox_url}/_sandbox/transactions") as response:
            response.raise_for_status()
            lines = json.loads(await response.read())
        found = {line["body"]["transactionId"]: datetime.fromisoformat(line["receivedAt"]) for line in lines}
        if len(found) != len(lines):
            raise RuntimeError(f"{self.name}: {len(lines)} lines for {len(found)} sessions")
        wrong = [line["body"] for line in lines if line["body"]["totalCostExclVat"] != messages.COST_EXCL]
        if wrong:
            raise RuntimeError(f"{self.name}: {len(wrong)} lines have another amount, the first is {wrong[0]}")
        return found

    async def forget_lines(self) -> None:
        """Utility Cloud has none from now on."""
        async with self.http.delete(f"{self.stack.sandbox_url}/_sandbox") as response:
            response.raise_for_status()

    async def slow(self, seconds: float) -> None:
        """From now on Utility Cloud answers each line after so long."""
        fault = {"target": "invoice-line", "kind": "delay", "seconds": seconds}
        async with self.http.post(f"{self.stack.sandbox_url}/_sandbox/faults", json=fault) as response:
            response.raise_for_status()

    async def _ask(self, kind: str, number: int, body: bytes) -> bytes:
        headers = {"x-api-key": self.key, messages.WHICH: f"{kind} {number}"}
        async with self.http.post(messages.CHARGING_EVENTS, data=body, headers=headers) as response:
            answer = await response.read()
            if response.status != 200:
                raise RuntimeError(f"{self.name} answered {response.status} to {kind} {number}: {answer!r}")
        return answer


@contextmanager
def floor_stack(*, state: Path) -> Iterator[Stack]:
    """Services of the floor's own."""
    with running(state=state, in_memory_tables=True, only={TABLES, SERVICE_BUS, SANDBOX}) as stack:
        yield stack


@contextmanager
def app_stack(*, state: Path, with_deliveries: bool) -> Iterator[Stack]:
    """The function app and its services; without deliveries nobody takes them from their queue."""
    settings = {"RequestsPerMinutePerKey": "1000000"}
    if not with_deliveries:
        settings |= {"AzureWebJobs.deliver.Disabled": "true", "AzureWebJobs.retry_deliveries.Disabled": "true"}
    with running(state=state, in_memory_tables=True, settings=settings) as stack:
        yield stack


@contextmanager
def running_floor(*, stack: Stack, recording: Recording, with_deliveries: bool) -> Iterator[None]:
    """The floor's process, on the stack's port for functions."""
    file = stack.state / "recording.pickle"
    file.write_bytes(pickle.dumps(recording))
    port = stack.ports.port("functions")
    command = (sys.executable, "-m", "bench.floor.server", "--recording", str(file), "--port", str(port.number))
    settings = dict(stack.settings) | ({} if with_deliveries else {"WithoutDeliveries": "1"})
    with Runner([Service(name=_FLOOR, command=command, listens=(port,), environment=settings)]):
        yield


@asynccontextmanager
async def side(*, stack: Stack, is_floor: bool) -> AsyncIterator[Side]:
    """Connections to one of the two; the function app gets its operator first."""
    counted = {"event": "event", "delivery": "delivery"} if is_floor else _COUNTED_BY_THE_APP
    async with (
        aiohttp.ClientSession(stack.functions_url, timeout=aiohttp.ClientTimeout(PATIENCE_SECONDS)) as http,
        ServiceBusClient.from_connection_string(stack.service_bus_connection) as bus,
        bus.get_topic_sender(stack.settings["ContractEventsTopic"]) as topic,
    ):
        key = "" if is_floor else await _prepared(http, stack.platform_admin_key)
        yield Side(
            name="the floor" if is_floor else "the app",
            stack=stack,
            http=http,
            topic=topic,
            key=key,
            counted=counted,
        )


async def _prepared(http: aiohttp.ClientSession, admin_key: str) -> str:
    """The operator is there; gives the charging platform's key."""
    for order in messages.preparation():
        async with http.put(order.path, json=order.document, headers={"x-api-key": admin_key}) as response:
            response.raise_for_status()
    order = messages.key_order("charging-platform")
    async with http.post(order.path, json=order.document, headers={"x-api-key": admin_key}) as response:
        response.raise_for_status()
        return str((await response.json())["key"])
