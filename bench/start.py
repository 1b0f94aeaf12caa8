"""A cold start: how long importing the app takes, how soon it answers, and how much memory it has."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from bench import messages
from bench.figure import Figure
from local.stack import FUNCTIONS, Stack, running

ROOT = Path(__file__).parents[1]
AT_ONCE = 16
DRIVERS = 16
QUESTIONS = 10
PATIENCE_SECONDS = 120
_KIBIBYTES_IN_A_MEBIBYTE = 1024
_PROCESSES = Path("/proc")
# The floor: what registers functions, describes documents and reads JSON numbers exactly, without anything of the app.
_LIBRARIES = "import azure.functions, pydantic.alias_generators, pydantic.root_model, pydantic.type_adapter, simplejson"
_APP = "import function_app"
_IMPORT = """
import json, sys, time
cpu, wall = time.process_time(), time.perf_counter()
{importing}
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
app = sys.modules.get("function_app")
print(json.dumps({{"cpu": cpu, "wall": wall, "functions": len(app.app.get_functions()) if app else 0}}))
"""


@dataclass(frozen=True, kw_only=True)
class _Answers:
    """Seconds after one start: until /health answers, of one core until then, and of each authorization after that."""

    health: float
    cpu: float | None
    authorizations: tuple[float, ...]


def start(*, quick: bool) -> list[Figure]:
    """`quick`: fewer of everything, in under 15 s. Raises RuntimeError if an answer is not what it should be.

    Where there is no `/proc`, the figures that are read there are left out.
    """
    with tempfile.TemporaryDirectory() as state, running(state=Path(state), in_memory_tables=True) as stack:
        figures = asyncio.run(_measured(stack, starts=2 if quick else 7, load=100 if quick else 1_000))
    return [*_imports(times=3 if quick else 11), *figures]


def _imports(*, times: int) -> list[Figure]:
    """In a fresh process with an empty environment, the interpreter's own start left out; by turns with the floor."""
    pairs = [(_imported(_LIBRARIES), _imported(_APP)) for _ in range(times)]
    if not all(app["functions"] for _, app in pairs):
        raise RuntimeError("importing the app registers no function")
    return [
        Figure(
            name=f"import of the app, {kind}",
            value=median(app[key] for _, app in pairs) * 1000,
            unit="ms",
            sample=times,
            floor=median(libraries[key] for libraries, _ in pairs) * 1000,
        )
        for kind, key in (("CPU", "cpu"), ("elapsed", "wall"))
    ]


def _imported(importing: str) -> dict[str, Any]:
    command = [sys.executable, "-c", _IMPORT.format(importing=importing)]
    return dict(json.loads(subprocess.check_output(command, cwd=ROOT, env={})))


async def _measured(stack: Stack, *, starts: int, load: int) -> list[Figure]:
    async with _client(stack) as http:
        platform = await _prepare(stack, http)
    answers = [await _answers_after_a_start(stack, platform) for _ in range(starts)]
    at_rest = _memory(stack, "VmRSS")
    async with _client(stack) as http:
        await _load(stack, http, platform, load)
    most, afterwards = _memory(stack, "VmHWM"), _memory(stack, "VmRSS")
    return [
        *_milliseconds("start to the first answer of /health", [each.health for each in answers]),
        *_milliseconds("start to the first answer of /health, CPU", [each.cpu for each in answers]),
        *_milliseconds("first authorization after a start", [each.authorizations[0] for each in answers]),
        *_milliseconds("tenth authorization after a start", [each.authorizations[-1] for each in answers]),
        *_mebibytes("memory at rest", at_rest, sample=1),
        *_mebibytes("memory under load, the most", most, sample=load),
        *_mebibytes("memory after load", afterwards, sample=load),
    ]


def _milliseconds(name: str, seconds: Sequence[float | None]) -> Iterator[Figure]:
    measured = [each for each in seconds if each is not None]
    if measured:
        yield Figure(name=name, value=median(measured) * 1000, unit="ms", sample=len(measured))


def _mebibytes(name: str, value: float | None, *, sample: int) -> Iterator[Figure]:
    if value is not None:
        yield Figure(name=name, value=value, unit="MiB", sample=sample)


async def _answers_after_a_start(stack: Stack, platform: dict[str, str]) -> _Answers:
    stack.runner.stop(FUNCTIONS)
    started = time.perf_counter()
    stack.runner.start(FUNCTIONS)
    health, cpu = time.perf_counter() - started, _cpu_seconds(stack)
    authorizations = []
    async with _client(stack) as http:
        for number in range(QUESTIONS):
            asked = time.perf_counter()
            await _authorize(http, platform, number)
            authorizations.append(time.perf_counter() - asked)
    return _Answers(health=health, cpu=cpu, authorizations=tuple(authorizations))


async def _prepare(stack: Stack, http: aiohttp.ClientSession) -> dict[str, str]:
    """An operator with its drivers; what the charging platform sends along."""
    admin = {"x-api-key": stack.platform_admin_key}
    for order in messages.preparation():
        async with http.put(order.path, json=order.document, headers=admin) as response:
            response.raise_for_status()
    keys = {}
    for scope in ("charging-platform", "utility-cloud"):
        order = messages.key_order(scope)
        async with http.post(order.path, json=order.document, headers=admin) as response:
            response.raise_for_status()
            keys[scope] = {"x-api-key": (await response.json())["key"]}
    async with (
        ServiceBusClient.from_connection_string(stack.service_bus_connection) as client,
        client.get_topic_sender(stack.settings["ContractEventsTopic"]) as sender,
    ):
        await sender.send_messages([ServiceBusMessage(messages.contract_event(n)) for n in range(DRIVERS)])

    async def are_known() -> bool:
        return all([await _is_known(http, keys["utility-cloud"], number) for number in range(DRIVERS)])

    await _until(are_known, f"one of {DRIVERS} drivers")
    return keys["charging-platform"]


async def _load(stack: Stack, http: aiohttp.ClientSession, platform: dict[str, str], count: int) -> None:
    """So many authorizations, then so many stops, some at once; ends when each has its line at Utility Cloud."""

    async def stop(number: int) -> None:
        answer = await _posted(http, platform, messages.stop(number, driver=number % DRIVERS))
        if not messages.is_settled(answer):
            raise RuntimeError(f"session {number} should be settled: {answer!r}")

    async def has_arrived() -> bool:
        async with http.get(f"{stack.sandbox_url}/_sandbox/transactions") as response:
            response.raise_for_status()
            lines = [item["body"] for item in json.loads(await response.read())]
        sessions = {line["transactionId"] for line in lines}
        if len(lines) > len(sessions) or any(line["totalCostExclVat"] != messages.COST_EXCL for line in lines):
            raise RuntimeError(f"{len(lines)} lines for {len(sessions)} sessions, or one with another amount")
        return len(lines) >= count

    await _some_at_once(range(count), lambda number: _authorize(http, platform, number % DRIVERS))
    await _some_at_once(range(count), stop)
    await _until(has_arrived, f"one of {count} lines")


async def _some_at_once(numbers: range, one: Callable[[int], Awaitable[None]]) -> None:
    left: Iterator[int] = iter(numbers)

    async def work() -> None:
        for number in left:
            await one(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


async def _authorize(http: aiohttp.ClientSession, platform: dict[str, str], number: int) -> None:
    answer = await _posted(http, platform, messages.question(number))
    if not messages.is_allowed(answer):
        raise RuntimeError(f"{messages.tag(number)} should be allowed: {answer!r}")


async def _posted(http: aiohttp.ClientSession, platform: dict[str, str], body: bytes) -> bytes:
    async with http.post(messages.CHARGING_EVENTS, data=body, headers=platform) as response:
        response.raise_for_status()
        return await response.read()


async def _is_known(http: aiohttp.ClientSession, key: dict[str, str], number: int) -> bool:
    async with http.get(f"/api/v1/drivers/{messages.owner(number)}", headers=key) as response:
        return response.status == 200


async def _until(is_so: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while not await is_so():
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{what} never came, in {PATIENCE_SECONDS} s")
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _client(stack: Stack) -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(stack.functions_url, timeout=timeout) as http:
        yield http


def _cpu_seconds(stack: Stack) -> float | None:
    """What the host of the functions has used of a core since it was started."""
    if not _PROCESSES.exists():
        return None
    # After the program's name, which stands in brackets, the fields are counted from the third on.
    fields = _of_the_host(stack, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(stack: Stack, field: str) -> float | None:
    """MiB of the host of the functions: `VmRSS` now, `VmHWM` the most that it ever had."""
    if not _PROCESSES.exists():
        return None
    line = next(line for line in _of_the_host(stack, "status").splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / _KIBIBYTES_IN_A_MEBIBYTE


def _of_the_host(stack: Stack, file: str) -> str:
    return (_PROCESSES / str(stack.runner.pids()[FUNCTIONS]) / file).read_text()
