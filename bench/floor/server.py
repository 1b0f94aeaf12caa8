"""`python -m bench.floor.server`: the floor's process. It takes what the function app takes, and answers as it did."""

import argparse
import asyncio
import os
import pickle
import signal
import ssl
from collections import Counter
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from aiohttp import web
from azure.data.tables.aio import TableServiceClient
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

from bench import messages
from bench.floor.rows import ReplayedRows
from bench.floor.step import DELIVERY, EVENT, QUESTION, Commit, Post, Query, Read, Recording, Send, Step
from shared.storage.azure_rows import CLIENT_OPTIONS, AzureRows

NOT_ALLOWED = b'{"charging_allowed":false}'
RECEIVERS = 16  # as many as the function app has handlers


class Floor:
    """Does recorded works. Counts what was done, as `counts`."""

    def __init__(self, recording: Recording, closing: AsyncExitStack, *, failed: asyncio.Event) -> None:
        self.counts: Counter[str] = Counter()
        self._failed = failed
        self._recording = recording
        self._closing = closing
        self._beside: set[asyncio.Task[None]] = set()
        self._allowed: set[int] = set()
        self._asked: list[Send] = []

    async def open(self) -> None:
        """Connects to everything, puts in place what was stored before, and begins to receive."""
        tables = TableServiceClient.from_connection_string(os.environ["TableStorage"], **CLIENT_OPTIONS)
        await self._closing.enter_async_context(tables)
        self._rows = {name: await _filled(tables, name, rows) for name, rows in self._recording.rows.items()}
        self._http = await self._closing.enter_async_context(aiohttp.ClientSession())
        self._lines_url = os.environ["UtilityCloudInvoiceLineUrl"]
        self._headers = {
            "Authorization": f"Bearer {await _bearer_token(self._http)}",
            "Content-Type": "application/json",
        }
        bus = ServiceBusClient.from_connection_string(os.environ["ServiceBusConnection"])
        await self._closing.enter_async_context(bus)
        self._sender = bus.get_queue_sender(os.environ["DeliveriesQueue"])
        await self._closing.enter_async_context(self._sender)
        topic, subscription = os.environ["ContractEventsTopic"], os.environ["ContractEventsSubscription"]
        for _ in range(RECEIVERS):
            self._start(self._receive(bus.get_subscription_receiver(topic, subscription), EVENT))
            if not os.environ.get("WithoutDeliveries"):
                self._start(self._receive(bus.get_queue_receiver(os.environ["DeliveriesQueue"]), DELIVERY))

    def stop(self) -> None:
        """Receives no more."""
        for task in self._beside:
            task.cancel()

    async def charging_event(self, request: web.Request) -> web.Response:
        """A question or a stop; the header says which of the recorded ones it is."""
        await request.read()
        kind, _, number = request.headers[messages.WHICH].partition(" ")
        work = self._recording.works[kind][int(number)]
        try:
            await self._do(work.before)
        except Exception as error:  # noqa: BLE001  the benchmark ends with it, and shows it
            return web.Response(status=500, text=repr(error))
        if kind == QUESTION and int(number) not in self._allowed:
            return web.Response(body=NOT_ALLOWED, content_type="application/json")
        self._start(self._do(work.after))
        return web.Response(body=work.answer, content_type="application/json")

    async def list_counts(self, _: web.Request) -> web.Response:
        """How many of each kind were done."""
        return web.json_response({"counts": dict(self.counts)})

    async def _receive(self, receiver: ServiceBusReceiver, kind: str) -> None:
        await self._closing.enter_async_context(receiver)
        while True:
            for message in await receiver.receive_messages(max_message_count=1, max_wait_time=60):
                number = messages.number_in(str(message.message_id))
                work = self._recording.works[kind][number]
                await self._do(work.before)
                if kind == EVENT:
                    self._allowed.add(number)
                await receiver.complete_message(message)
                self.counts[kind] += 1

    async def _do(self, groups: list[list[Step]]) -> None:
        for group in groups:
            if len(group) == 1:
                await self._step(group[0])
            else:
                await asyncio.gather(*map(self._step, group))

    async def _step(self, step: Step) -> None:
        match step:
            case Read():
                await self._rows[step.table].read(partition=step.partition, key=step.key)
            case Query():
                await self._rows[step.table].query(
                    partition=step.partition, first=step.first, before=step.before, limit=step.limit
                )
            case Commit():
                await self._rows[step.table].commit(partition=step.partition, changes=step.changes)
            case Post():
                async with self._http.post(self._lines_url, data=step.body, headers=self._headers) as response:
                    response.raise_for_status()
                    await response.read()
            case Send():
                await self._send(step)

    async def _send(self, step: Send) -> None:
        """What gathers while one is sent goes together: a sender does one thing at a time."""
        self._asked.append(step)
        if len(self._asked) == 1:
            await asyncio.sleep(0)
            while self._asked:
                now = self._asked[:100]
                await self._sender.send_messages(
                    [ServiceBusMessage(each.body, message_id=each.message_id) for each in now]
                )
                del self._asked[: len(now)]

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._beside.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failed.set()
            task.result()  # the loop's handler prints it


async def _filled(tables: TableServiceClient, name: str, rows: Mapping[str, dict[str, str]]) -> ReplayedRows:
    """A new table with these rows: texts by partition and key."""
    filled = ReplayedRows(AzureRows(client=await tables.create_table(name)))
    for partition, texts in rows.items():
        await filled.fill(partition=partition, texts=texts)
    return filled


async def _bearer_token(http: aiohttp.ClientSession) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": messages.OPERATOR.client_id,
        "client_secret": messages.OPERATOR.client_secret,
        "scope": messages.OPERATOR.scope,
    }
    url = f"{os.environ['EntraAuthority']}/{messages.OPERATOR.directory_id}/oauth2/v2.0/token"
    trusted = ssl.create_default_context(cafile=os.environ["EntraCaBundle"])
    async with http.post(url, data=form, ssl=trusted) as response:
        response.raise_for_status()
        return str((await response.json())["access_token"])


async def _serve(recording: Recording, port: int) -> None:
    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    async with AsyncExitStack() as closing:
        floor = Floor(recording, closing, failed=stop)
        await floor.open()
        served = web.Application()
        served.router.add_post(messages.CHARGING_EVENTS, floor.charging_event)
        served.router.add_get("/api/v1/counts", floor.list_counts)
        runner = web.AppRunner(served, access_log=None)
        await runner.setup()
        closing.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await stop.wait()
        floor.stop()


def main() -> None:
    """Serves until SIGINT or SIGTERM, or until something fails."""
    parser = argparse.ArgumentParser(prog="python -m bench.floor.server")
    parser.add_argument("--recording", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    recording = pickle.loads(arguments.recording.read_bytes())  # noqa: S301  written by the benchmark itself
    uvloop.run(_serve(recording, arguments.port))


if __name__ == "__main__":
    main()
