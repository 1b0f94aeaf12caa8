"""Records what the function app does for each event, question, stop and delivery: its steps, over rows in memory."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import azure.functions as func

from bench import messages
from bench.floor.step import DELIVERY, EVENT, QUESTION, STOP, Commit, Post, Query, Read, Recording, Send, Step, Work
from function_app import app
from local.stack import Stack
from shared.contracts import Envelope
from shared.delivery import DeliveryState
from shared.delivery.answer import Answer
from shared.delivery.delivery import Delivery
from shared.operators import Operator
from shared.settings import read_settings
from shared.storage.memory_rows import MemoryRows
from shared.wiring import CONFIGURATION, LEDGER, Wiring, use_wiring


async def record(*, stack: Stack, drivers: int, sessions: int) -> Recording:
    """What so many contract events, as many questions, and so many sessions of these drivers take.

    Lines go to the sandbox of `stack`. Raises RuntimeError when the app does not do what it should.
    """
    recorder = _Recorder()
    wiring = Wiring(
        settings=read_settings(stack.settings),
        tables={name: _RecordedRows(name, recorder) for name in (CONFIGURATION, LEDGER)},
    )
    wiring.dispatch = _RecordedDispatch(recorder)
    wiring.utility_cloud.send = _recorded_send(wiring.utility_cloud.send, recorder)  # type: ignore[method-assign,assignment]  # to listen in
    use_wiring(wiring)
    try:
        return await _recorded(_App(wiring, stack.platform_admin_key), recorder, drivers, sessions)
    finally:
        await wiring.aclose()
        use_wiring(None)


async def _recorded(told: "_App", recorder: "_Recorder", drivers: int, sessions: int) -> Recording:
    for order in messages.preparation():
        await told.order(order)
    key = json.loads(await told.order(messages.key_order("charging-platform")))["key"]
    # The first of each reads the configuration, which is then known for a while.
    await told.event(drivers)
    await told.question(drivers, key)
    await told.stop(sessions, messages.stop(sessions, driver=drivers), key)
    await told.delivery(messages.session(sessions))
    recording = Recording(rows={table: told.texts(table) for table in (CONFIGURATION, LEDGER)})

    async def note(kind: str, doing: Awaitable[bytes]) -> None:
        work = Work()
        recording.works.setdefault(kind, []).append(work)
        recorder.begin(work)
        work.answer = await doing
        recorder.groups = work.after
        await told.wiring.background.settle()

    for number in range(drivers):
        await note(EVENT, told.event(number))
        await note(QUESTION, told.question(number, key))
    for number in range(sessions):
        await note(STOP, told.stop(number, messages.stop_of_many(number, drivers=drivers), key))
        await note(DELIVERY, told.delivery(messages.session(number)))
    return recording


@dataclass
class _Recorder:
    """Puts steps into `groups`; a step that begins before another one has ended belongs to the same group."""

    work: Work = field(default_factory=Work)
    groups: list[list[Step]] = field(default_factory=list)
    under_way: int = 0

    def begin(self, work: Work) -> None:
        """From now on what is done is part of this."""
        self.work, self.groups = work, work.before

    @asynccontextmanager
    async def step(self, step: Step) -> AsyncIterator[None]:
        """Around what the step does."""
        if self.under_way == 0:
            self.groups.append([])
        self.groups[-1].append(step)
        self.under_way += 1
        try:
            await asyncio.sleep(0)  # whoever does something at the same time begins now
            yield
        finally:
            self.under_way -= 1


class _RecordedRows(MemoryRows):
    def __init__(self, table: str, recorder: _Recorder) -> None:
        super().__init__()
        self._table, self._recorder = table, recorder

    async def read(self, **what: Any) -> Any:
        async with self._recorder.step(Read(table=self._table, **what)):
            return await super().read(**what)

    async def query(self, *, limit: int | None = None, **what: Any) -> Any:
        async with self._recorder.step(Query(table=self._table, limit=limit, **what)):
            return await super().query(limit=limit, **what)

    async def commit(self, *, partition: str, changes: Any) -> Any:
        async with self._recorder.step(Commit(table=self._table, partition=partition, changes=tuple(changes))):
            return await super().commit(partition=partition, changes=changes)


@dataclass(frozen=True)
class _RecordedDispatch:
    """Messages are sent beside the request."""

    recorder: _Recorder

    async def ask_for_attempt(self, *, gln: str, session_id: str, transaction_id: str) -> None:
        body = json.dumps({"gln": gln, "sessionId": session_id, "transactionId": transaction_id})
        self.recorder.work.after.append([Send(body=body, message_id=session_id)])


def _recorded_send(send: Callable[..., Awaitable[Answer]], recorder: _Recorder) -> Callable[..., Awaitable[Answer]]:
    async def recorded(*, operator: Operator, delivery: Delivery) -> Answer:
        async with recorder.step(Post(body=delivery.payload.encode())):
            return await send(operator=operator, delivery=delivery)

    return recorded


class _App:
    """The function app in this process."""

    def __init__(self, wiring: Wiring, admin_key: str) -> None:
        self.wiring = wiring
        self._admin_key = admin_key

    def texts(self, table: str) -> dict[str, dict[str, str]]:
        """What is stored now."""
        rows = {CONFIGURATION: self.wiring.configuration, LEDGER: self.wiring.ledger}[table]
        assert isinstance(rows, MemoryRows)
        return {
            name: {key: row.text for key, row in held.rows.items()}
            for name, held in rows._partitions.items()
            if held.rows
        }

    async def order(self, order: messages.Order) -> bytes:
        """Carries out an order."""
        body = json.dumps(order.document).encode()
        return await self._called(order.function, order.path, order.parameters, body, self._admin_key)

    async def question(self, number: int, key: str) -> bytes:
        """May driver `number` charge? It may."""
        answer = await self._called("charging_event", messages.CHARGING_EVENTS, {}, messages.question(number), key)
        if not messages.is_allowed(answer):
            raise RuntimeError(f"driver {number} should be allowed: {answer!r}")
        return answer

    async def stop(self, number: int, body: bytes, key: str) -> bytes:
        """Session `number` has ended and is settled."""
        answer = await self._called("charging_event", messages.CHARGING_EVENTS, {}, body, key)
        if not messages.is_settled(answer):
            raise RuntimeError(f"session {number} should be settled: {answer!r}")
        return answer

    async def event(self, number: int) -> bytes:
        """A contract event comes."""
        envelope = Envelope(
            body=messages.contract_event(number),
            message_id=messages.session(number),
            enqueued_at=datetime.now(UTC),
            sequence_number=number,
            subject=None,
            properties={},
        )
        await self.wiring.provisioning.carry_out(envelope)
        return b""

    async def delivery(self, session_id: str) -> bytes:
        """The deliveries queue asks for an attempt."""
        operator = await self.wiring.directory.operator(messages.OPERATOR.gln)
        if operator is None:
            raise RuntimeError("the operator was not stored")
        state = await self.wiring.relay.deliver(operator=operator, session_id=session_id, transaction_id=session_id)
        if state is not DeliveryState.DELIVERED:
            raise RuntimeError(f"{session_id} should be delivered: {state}")
        return b""

    async def _called(self, function: str, path: str, parameters: Any, body: bytes, key: str) -> bytes:
        request = func.HttpRequest(
            method="POST", url=f"http://127.0.0.1{path}", headers={"x-api-key": key}, route_params=parameters, body=body
        )
        response: func.HttpResponse = await _functions()[function](request)
        if response.status_code >= 300:
            raise RuntimeError(f"{function} answered {response.status_code}: {response.get_body()!r}")
        return bytes(response.get_body())


@cache
def _functions() -> dict[str, Any]:
    """The app's functions by name."""
    app.functions_bindings = {}  # it counts names over all calls, and then finds none unique
    return {str(each.get_function_name()): each.get_user_function() for each in app.get_functions()}
