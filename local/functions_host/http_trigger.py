"""Serves the HTTP functions, and the host's own addresses below /admin, as one ASGI application."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from azure_functions_runtime.bindings.datumdef import Datum  # type: ignore[import-untyped]  # ships no types

from local.functions_host.admin import Admin
from local.functions_host.indexing import IndexedFunction
from local.functions_host.invocation import InvocationFailed, invoke, text
from local.functions_host.routes import Route, find_route

type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
type Answer = tuple[int, list[tuple[bytes, bytes]], bytes]

# What the real host takes at most.
_LARGEST_BODY = 100 * 1024 * 1024
_WITHOUT_BODY = {204, 304}


class ClientGone(Exception):
    """The client hung up before its request was complete."""


class BodyTooLarge(Exception):
    """The request's body is larger than the host takes."""


class HttpFunctions:
    def __init__(self, *, routes: Sequence[Route], functions: Mapping[str, IndexedFunction], admin: Admin) -> None:
        self._routes = sorted(routes, key=lambda route: route.order)
        self._functions = functions
        self._admin = admin

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        try:
            status, headers, body = await self._answer(scope, receive)
        except ClientGone:
            return
        if status in _WITHOUT_BODY:
            body = b""
        else:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive) -> Answer:
        try:
            body = await _read(receive)
        except BodyTooLarge:
            return 413, [], b""
        if scope["path"].lower().startswith("/admin/"):
            return self._admin.answer(method=scope["method"], path=scope["path"], body=body)
        found = find_route(routes=self._routes, method=scope["method"], raw_path=scope["raw_path"])
        if found is None:
            return 404, [], b""
        route, parameters = found
        request = _request(scope=scope, parameters=parameters, body=body)
        under_way = request.value["headers"].get("traceparent")
        try:
            returned = await invoke(
                function=self._functions[route.function],
                value=request,
                metadata={},
                trace_parent=under_way.value if under_way else "",
            )
        except InvocationFailed:
            return 500, [], b""
        return _response(returned)


async def _read(receive: Receive) -> bytes:
    chunks, size = [], 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ClientGone
        chunk = event.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if size > _LARGEST_BODY:
            raise BodyTooLarge
        if not event.get("more_body"):
            return b"".join(chunks)


def _request(*, scope: MutableMapping[str, Any], parameters: Mapping[str, str], body: bytes) -> Datum:
    headers = _joined((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    query = scope["query_string"].decode("latin-1")
    target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
    return Datum(
        {
            "method": text(scope["method"]),
            "url": text(f"{scope['scheme']}://{headers.get('host', 'localhost')}{target}"),
            "headers": {name: text(value) for name, value in headers.items()},
            "query": {name: text(value) for name, value in _joined(parse_qsl(query, keep_blank_values=True)).items()},
            "params": {name: text(value) for name, value in parameters.items()},
            "body": Datum(body, "bytes"),
        },
        "http",
    )


def _joined(pairs: Any) -> dict[str, str]:
    """A name that occurs more than once has its values joined by commas, as the real host hands them over."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _response(returned: Datum | None) -> Answer:
    if returned is None or returned.type != "http":
        content = "" if returned is None or returned.value is None else str(returned.value)
        return 200, [(b"content-type", b"text/plain; charset=utf-8")], content.encode()
    value = returned.value
    headers = [
        (name.lower().encode("latin-1"), datum.value.encode("latin-1"))
        for name, datum in value["headers"].items()
        if name.lower() != "content-length"
    ]
    for cookies in value["cookies"] or ():
        headers += [(b"set-cookie", morsel.OutputString().encode("latin-1")) for morsel in cookies.values()]
    return int(value["status_code"].value), headers, value["body"].value
