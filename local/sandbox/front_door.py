"""The way in for what the connector sends: each request is noted, meets its fault if it has one, and is answered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from local.sandbox import exact_json
from local.sandbox.exchange import Answer, Arrival, Partner
from local.sandbox.faults import Fault, FaultList
from local.sandbox.memory import Memory, ReceivedRequest
from local.sandbox.shown_body import shown_body

CUT = "local.sandbox.cut"
"""The ASGI extension that ends the TCP connection at once; see `connection.py`."""


@dataclass(frozen=True)
class FrontDoor:
    """An ASGI application. `partner_for` says which of the systems serves a path.

    Once `closing` is set, requests that a fault delays are cut instead of keeping the process alive.
    """

    memory: Memory
    faults: FaultList
    closing: asyncio.Event
    partner_for: Callable[[str], Partner]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return
        arrival = _arrival(scope, body)
        partner = self.partner_for(arrival.path)
        gln = partner.operator_of(arrival)
        request = self._note(arrival, gln)
        target = partner.target_of(arrival.path)
        fault = self.faults.take(target=target, gln=gln, method=arrival.method) if target else None
        answer = await self._meet(fault, partner, arrival)
        if answer is None:
            await _cut(scope, receive)
            return
        request.status = answer.status
        await _send(send, answer)

    def _note(self, arrival: Arrival, gln: str | None) -> ReceivedRequest:
        request = ReceivedRequest(
            received_at=self.memory.now(),
            method=arrival.method,
            path=arrival.path,
            gln=gln,
            body=shown_body(arrival),
        )
        self.memory.requests.append(request)
        return request

    async def _meet(self, fault: Fault | None, partner: Partner, arrival: Arrival) -> Answer | None:
        """What the partner answers, or None where the connection is to be cut instead."""
        if fault is None:
            return partner.answer(arrival)
        match fault.kind:
            case "status":
                return partner.answer_fault(fault.status or 500, retry_after=fault.retry_after)
            case "delay":
                return partner.answer(arrival) if await self._outlasts(fault.seconds or 0) else None
            case "cut-after-store":
                partner.answer(arrival)
                return None
            case "cut-before-store":
                return None

    async def _outlasts(self, seconds: float) -> bool:
        """Waits; False if the sandbox is closed or forgets everything, this request too, before the time is over."""
        times_forgotten = self.memory.times_forgotten
        try:
            async with asyncio.timeout(seconds):
                await self.closing.wait()
        except TimeoutError:
            return self.memory.times_forgotten == times_forgotten
        return False


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None if the sender went away before its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _arrival(scope: Scope, body: bytes) -> Arrival:
    document, not_json = None, None
    if body:
        try:
            document = exact_json.read(body)
        except exact_json.NotJsonError as error:
            not_json = str(error)
    elif scope["method"] == "POST":
        not_json = "it is empty"
    return Arrival(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
        document=document,
        not_json=not_json,
    )


async def _cut(scope: Scope, receive: Receive) -> None:
    scope["extensions"][CUT]["abort"]()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, answer: Answer) -> None:
    headers = [(b"content-length", str(len(answer.body)).encode())] if answer.body else []
    if answer.body:
        headers.append((b"content-type", b"application/json"))
    elif answer.status not in (204, 304):
        headers.append((b"content-length", b"0"))
    headers.extend((name.encode(), value.encode("latin-1")) for name, value in answer.headers.items())
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
