"""The four services of the stack: Azurite, the broker, the sandbox, the host of the function app."""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from local.stack.ports import Ports
from local.stack.service import Service

TABLES, SERVICE_BUS, SANDBOX, FUNCTIONS = "tables", "service-bus", "sandbox", "functions"
ALL = frozenset({TABLES, SERVICE_BUS, SANDBOX, FUNCTIONS})
AZURITE_RANGES = Path(__file__).with_name("azurite_ranges.cjs")
PLAIN_TABLES = "AZURITE_PLAIN"
"""The environment variable for an Azurite as it comes."""


def tables(*, ports: Ports, state: Path, in_memory: bool, plain: bool) -> Service:
    """Azurite's table service, its data below the state folder or nowhere.

    Unless it is to be `plain` it seeks ranges as Azure does (see `azurite_ranges.cjs`); its answers are the same.
    """
    location = state.absolute() / "azurite"
    return Service(
        name=TABLES,
        command=(
            *("node", *(() if plain else ("--require", str(AZURITE_RANGES)))),
            *("node_modules/.bin/azurite-table", "--tableHost", "127.0.0.1", "--tablePort", str(ports.tables)),
            *("--silent", "--disableTelemetry"),
            *(("--inMemoryPersistence",) if in_memory else ("--location", str(location))),
        ),
        listens=(ports.port("tables"),),
        # SIGTERM loses what was written in the last seconds.
        stop_signal=signal.SIGINT,
        grace=10.0,
    )


def service_bus(*, ports: Ports) -> Service:
    """The embedded broker; what it holds is gone when it stops."""
    return Service(
        name=SERVICE_BUS,
        command=(sys.executable, "-m", "local.service_bus", "--port", str(ports.service_bus)),
        listens=(ports.port("service_bus"),),
    )


def sandbox(*, ports: Ports, state: Path) -> Service:
    """Utility Cloud, Entra and the charging platform, as they look from here."""
    return Service(
        name=SANDBOX,
        command=(
            *(sys.executable, "-m", "local.sandbox"),
            *("--port", str(ports.sandbox), "--tls-port", str(ports.sandbox_tls)),
            *("--certificates", str(state.absolute() / "certificates")),
        ),
        listens=(ports.port("sandbox"), ports.port("sandbox_tls")),
    )


def functions(*, ports: Ports, settings: Mapping[str, str]) -> Service:
    """The function app. It needs the other three to answer its first request well."""
    return Service(
        name=FUNCTIONS,
        command=(sys.executable, "-m", "local.functions_host", "--app", ".", "--port", str(ports.functions)),
        listens=(ports.port("functions"),),
        health=f"http://127.0.0.1:{ports.functions}/health",
        after=frozenset({TABLES, SERVICE_BUS, SANDBOX}),
        environment=settings,
    )
