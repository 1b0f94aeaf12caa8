"""Puts settings, functions and triggers together, and serves them from start to end."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from local.functions_host.admin import Admin
from local.functions_host.faults import ConfigurationFault
from local.functions_host.host_json import HostJson, read_host_json
from local.functions_host.http_trigger import HttpFunctions
from local.functions_host.indexing import IndexedFunction, index
from local.functions_host.routes import Route, route
from local.functions_host.service_bus_trigger import ServiceBusTrigger
from local.functions_host.settings import is_disabled
from local.functions_host.timer_trigger import TimerTrigger
from local.functions_host.triggers import Trigger

logger = logging.getLogger(__name__)

# Together with closing the connections it stays below five seconds.
_GRACE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class App:
    """A function app, ready to be served."""

    functions: tuple[IndexedFunction, ...]
    routes: tuple[Route, ...]
    triggers: tuple[Trigger, ...]


def read_app(*, app_folder: Path) -> App:
    """The app in this folder; its settings are those of the process, see `load_settings`.

    Raises IndexingFailed, or ConfigurationFault with everything that is wrong, one fault a line.
    """
    host_json = read_host_json(app_folder=app_folder)
    functions = index(app_folder)
    routes: list[Route] = []
    triggers: list[Trigger] = []
    faults: list[str] = []
    for function in functions:
        try:
            _refuse_other_bindings(function)
            if function.trigger["type"] == "httpTrigger":
                routes.append(_route(function, prefix=host_json.extensions.http.route_prefix))
            else:
                triggers.append(_trigger(function, host_json))
        except ConfigurationFault as fault:
            faults.append(f"function {function.name}: {fault}")
    if faults:
        raise ConfigurationFault("\n".join(faults))
    return App(functions=functions, routes=tuple(routes), triggers=tuple(triggers))


def listen(*, port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes any free one. Raises OSError when the port is taken."""
    sock = socket.socket()
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        sock.listen(1024)
    except OSError:
        sock.close()
        raise
    return sock


@asynccontextmanager
async def serving(*, app: App, listener: socket.socket) -> AsyncIterator[None]:
    """Inside the block the host answers HTTP and its triggers listen; `listener` is closed at the end.

    Leaving it takes nothing new and gives what runs a few seconds to finish; the rest is cancelled, its messages given
    back.
    """
    enabled = [trigger for trigger in app.triggers if not is_disabled(trigger.function.name)]
    admin = Admin(triggers=app.triggers, http_functions=[route.function for route in app.routes])
    application = HttpFunctions(
        routes=[route for route in app.routes if not is_disabled(route.function)],
        functions={function.name: function for function in app.functions},
        admin=admin,
    )
    server = _Server(
        uvicorn.Config(
            application,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
    )
    serve = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    try:
        for trigger in enabled:
            trigger.start()
        await server.listening.wait()
        yield
    finally:
        server.should_exit = True
        stops = [admin.stop(grace=_GRACE_SECONDS), *(trigger.stop(grace=_GRACE_SECONDS) for trigger in enabled)]
        for result in await asyncio.gather(serve, *stops, return_exceptions=True):
            if isinstance(result, Exception):
                logger.error("Stopping failed: %r", result)


class _Server(uvicorn.Server):
    """Says when it listens, and leaves the signals to whoever runs the loop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _refuse_other_bindings(function: IndexedFunction) -> None:
    served = {"httpTrigger": {"httpTrigger", "http"}}.get(function.trigger["type"], {function.trigger["type"]})
    other = [str(binding["type"]) for binding in function.bindings if binding["type"] not in served]
    if other:
        raise ConfigurationFault(f"bindings that are not served locally: {', '.join(other)}")


def _route(function: IndexedFunction, *, prefix: str) -> Route:
    template = str(function.trigger.get("route") or function.name)
    return route(
        prefix=prefix, template=template, methods=function.trigger.get("methods") or (), function=function.name
    )


def _trigger(function: IndexedFunction, host_json: HostJson) -> Trigger:
    kind = function.trigger["type"]
    if kind == "timerTrigger":
        return TimerTrigger(function=function)
    if kind != "serviceBusTrigger":
        raise ConfigurationFault(f"trigger {kind} is not served locally")
    if host_json.extension_bundle is None:
        raise ConfigurationFault("host.json has no extensionBundle, without which Azure knows no Service Bus trigger")
    return ServiceBusTrigger(function=function, options=host_json.extensions.service_bus)
