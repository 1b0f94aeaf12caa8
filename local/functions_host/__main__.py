"""`python -m local.functions_host --app . --port 7071`: serves a function app until SIGINT or SIGTERM."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path

import uvloop

from local.functions_host.faults import ConfigurationFault
from local.functions_host.host import App, listen, read_app, serving
from local.functions_host.indexing import IndexingFailed
from local.functions_host.settings import is_disabled, load_settings

_LAST_RESORT_SECONDS = 4.8


def main() -> int:
    """The exit code: 0 after a signal, 1 when the host could not start; then standard error says why."""
    parser = argparse.ArgumentParser(
        prog="python -m local.functions_host", description="Serves a function app locally."
    )
    parser.add_argument("--app", type=Path, default=Path(), help="the folder with host.json and function_app.py")
    parser.add_argument("--port", type=int, default=7071, help="on 127.0.0.1; 0 takes any free port")
    arguments = parser.parse_args()
    try:
        listener = listen(port=arguments.port)
    except OSError as error:
        return _cannot_start(f"port {arguments.port} is taken: {error.strerror}")
    with listener:
        try:
            app_folder = arguments.app.resolve(strict=True)
            # As on Azure: handlers find their files below the app's folder.
            os.chdir(app_folder)
            load_settings(app_folder=app_folder)
            # Before the app is imported: the first import that logs would set logging up in its own way.
            _log_to_stderr()
            app = read_app(app_folder=app_folder)
        except IndexingFailed as error:
            traceback.print_exception(error.__cause__ or error)
            return _cannot_start(str(error))
        except (ConfigurationFault, OSError) as error:
            return _cannot_start(str(error))
        uvloop.run(_serve(app=app, listener=listener))
    return 0


async def _serve(*, app: App, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    async with serving(app=app, listener=listener):
        _print_functions(app=app, port=port)
        print(f"Functions host ready at http://127.0.0.1:{port}", flush=True)
        await stop.wait()
        print("Functions host is stopping", flush=True)
        last_resort = threading.Timer(_LAST_RESORT_SECONDS, _end)
        last_resort.daemon = True
        last_resort.start()


def _print_functions(*, app: App, port: int) -> None:
    routes = {route.function: route for route in app.routes}
    print("\nFunctions:\n")
    for function in app.functions:
        route = routes.get(function.name)
        methods = ",".join(function.trigger.get("methods") or ["all methods"])
        kind = f"[{methods}] http://127.0.0.1:{port}/{route.template}" if route else function.trigger["type"]
        print(f"\t{function.name}: {kind}{' (disabled)' if is_disabled(function.name) else ''}")
    print()


def _log_to_stderr() -> None:
    """FUNCTIONS_LOG_LEVEL is the level of everything but the SDK's own chatter. Raises ConfigurationFault."""
    level = os.environ.get("FUNCTIONS_LOG_LEVEL", "INFO").upper()
    if level not in logging.getLevelNamesMapping():
        raise ConfigurationFault(
            f"setting FUNCTIONS_LOG_LEVEL is {level}; it must be one of DEBUG, INFO, WARNING, ERROR"
        )
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("azure", "httpx", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # What the worker library logs as an error is raised to this host as well, which tells it once.
    logging.getLogger("azure.functions").setLevel(logging.CRITICAL)


def _end() -> None:
    """A handler in a thread, or one that holds the loop, cannot be cancelled."""
    print("Functions host: something did not stop in time and is ended", file=sys.stderr, flush=True)
    os._exit(1)


def _cannot_start(reason: str) -> int:
    print(f"Functions host cannot start: {reason}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
