"""The side of the sandbox that a test or a person sees: what arrived, and the failures to come."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from local.sandbox import exact_json
from local.sandbox.faults import Fault, FaultList
from local.sandbox.field_types import FieldFault, as_answer, faults_of
from local.sandbox.known_session import known_session
from local.sandbox.known_site import SitesOrder, shown_sites
from local.sandbox.memory import Memory, StoredBody, utc_text
from local.sandbox.page import page

PREFIX = "/_sandbox"


class _SessionOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    gln: str
    message: dict[str, Any]


@dataclass(frozen=True)
class _Control:
    memory: Memory
    faults: FaultList

    async def page(self, request: Request) -> Response:
        return HTMLResponse(page(self.memory, self.faults))

    async def transactions(self, request: Request) -> Response:
        return _json_list(_stored(line) for line in self.memory.lines)

    async def meter_values(self, request: Request) -> Response:
        return _json_list(_stored(series) for series in self.memory.series)

    async def requests(self, request: Request) -> Response:
        return _json_list(
            b'{"receivedAt":%b,"method":%b,"path":%b,"gln":%b,"status":%b,"body":%b}'
            % (
                _text(utc_text(received.received_at)),
                _text(received.method),
                _text(received.path),
                _text(received.gln),
                _text(received.status),
                received.body,
            )
            for received in self.memory.requests
        )

    async def notices(self, request: Request) -> Response:
        return _json_list(
            b'{"receivedAt":%b,"gln":%b,"webhookId":%b,"fault":%b,"body":%b}'
            % (
                _text(utc_text(notice.received_at)),
                _text(notice.gln),
                _text(notice.webhook_id),
                _text(notice.fault),
                notice.body,
            )
            for notice in self.memory.notices
        )

    async def forget(self, request: Request) -> Response:
        self.memory.forget()
        self.faults.clear()
        return Response(status_code=204)

    async def add_fault(self, request: Request) -> Response:
        self.faults.add(Fault.model_validate(await _document(request)))
        return JSONResponse(self.faults.listed()[-1], status_code=201)

    async def list_faults(self, request: Request) -> Response:
        return JSONResponse(self.faults.listed())

    async def remove_faults(self, request: Request) -> Response:
        self.faults.clear()
        return Response(status_code=204)

    async def add_session(self, request: Request) -> Response:
        order = _SessionOrder.model_validate(await _document(request))
        session = known_session(gln=order.gln, message=order.message)
        self.memory.store_session(session)
        return Response(exact_json.write(session.item), status_code=201, media_type="application/json")

    async def list_sessions(self, request: Request) -> Response:
        known = [session for sessions in self.memory.sessions.values() for session in sessions]
        return _json_list(exact_json.write({"gln": session.gln, "item": session.item}).encode() for session in known)

    async def remove_session(self, request: Request) -> Response:
        gln, session_id = request.path_params["gln"], request.path_params["session_id"]
        was_there = self.memory.remove_session(gln=gln, session_id=session_id)
        return Response(status_code=204 if was_there else 404)

    async def put_sites(self, request: Request) -> Response:
        order = SitesOrder.model_validate(await _document(request))
        self.memory.sites[order.gln] = order.sites
        return JSONResponse(shown_sites(order.sites))

    async def list_sites(self, request: Request) -> Response:
        return JSONResponse({gln: shown_sites(sites) for gln, sites in self.memory.sites.items()})


def control_app(memory: Memory, faults: FaultList) -> Starlette:
    """The routes below `/_sandbox`, and the page for people at `/`."""
    control = _Control(memory, faults)

    def route(path: str, method: str, handler: Callable[[Request], Awaitable[Response]]) -> Route:
        return Route(path, handler, methods=[method])

    return Starlette(
        routes=[
            route("/", "GET", control.page),
            route(PREFIX, "DELETE", control.forget),
            route(f"{PREFIX}/transactions", "GET", control.transactions),
            route(f"{PREFIX}/meter-values", "GET", control.meter_values),
            route(f"{PREFIX}/requests", "GET", control.requests),
            route(f"{PREFIX}/notices", "GET", control.notices),
            route(f"{PREFIX}/faults", "POST", control.add_fault),
            route(f"{PREFIX}/faults", "GET", control.list_faults),
            route(f"{PREFIX}/faults", "DELETE", control.remove_faults),
            route(f"{PREFIX}/sessions", "POST", control.add_session),
            route(f"{PREFIX}/sessions", "GET", control.list_sessions),
            route(f"{PREFIX}/sessions/{{gln}}/{{session_id:path}}", "DELETE", control.remove_session),
            route(f"{PREFIX}/sites", "PUT", control.put_sites),
            route(f"{PREFIX}/sites", "GET", control.list_sites),
        ],
        exception_handlers={ValidationError: _misshapen, exact_json.NotJsonError: _not_json},
    )


async def _document(request: Request) -> Any:
    return exact_json.read(await request.body())


def _misshapen(_: Request, error: Exception) -> Response:
    faults = faults_of(error) if isinstance(error, ValidationError) else []
    return JSONResponse(as_answer(faults), status_code=400)


def _not_json(_: Request, error: Exception) -> Response:
    return JSONResponse(as_answer([FieldFault("(body)", f"is not JSON: {error}")]), status_code=400)


def _stored(stored: StoredBody) -> bytes:
    return b'{"receivedAt":%b,"body":%b}' % (_text(utc_text(stored.received_at)), stored.body)


def _text(value: str | int | None) -> bytes:
    return exact_json.write(value).encode()


def _json_list(items: Iterable[bytes]) -> Response:
    return Response(b"[" + b",\n".join(items) + b"]\n", media_type="application/json")
