"""The whole stack for as long as a `with` block lasts: what `make run` and the tests both use."""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from local.stack.admin_key import platform_admin_key
from local.stack.app_settings import app_settings
from local.stack.parts import ALL, PLAIN_TABLES, functions, sandbox, service_bus, tables
from local.stack.ports import Ports
from local.stack.process import Write
from local.stack.runner import Runner, unheard


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that answers. `runner` stops, kills and restarts single services."""

    ports: Ports
    state: Path
    settings: Mapping[str, str]
    """The settings that the function app runs with; connection strings among them."""
    platform_admin_key: str
    runner: Runner

    @property
    def functions_url(self) -> str:
        """The function app, without a slash at the end."""
        return f"http://127.0.0.1:{self.ports.functions}"

    @property
    def sandbox_url(self) -> str:
        """The sandbox, without a slash at the end."""
        return f"http://127.0.0.1:{self.ports.sandbox}"

    @property
    def service_bus_connection(self) -> str:
        """A connection string for the Service Bus SDK."""
        return self.settings["ServiceBusConnection"]

    @property
    def table_storage(self) -> str:
        """A connection string for the Tables SDK."""
        return self.settings["TableStorage"]

    def environment(self) -> dict[str, str]:
        """What a program beside the stack needs to use it: settings, ports, and the key as PLATFORM_ADMIN_KEY."""
        return {**self.settings, **self.ports.as_environment(), "PLATFORM_ADMIN_KEY": self.platform_admin_key}


@contextmanager
def running(
    *,
    state: Path,
    ports: Ports | None = None,
    in_memory_tables: bool = False,
    plain_tables: bool | None = None,
    settings: Mapping[str, str] | None = None,
    only: Collection[str] = ALL,
    external: Collection[str] = (),
    admin_key: str | None = None,
    write: Write = unheard,
    patience: float = 60.0,
) -> Iterator[Stack]:
    """Starts the stack, yields it when every service answers, stops it whatever happens.

    `ports` are free ones if not given. `settings` go before those that the stack would give the function app. `only`
    names the services that are wanted at all, `external` those that run elsewhere already and are merely waited for
    (names in `parts`). `plain_tables` is what the environment's AZURITE_PLAIN says if not given, see `parts.tables`.
    `admin_key` is the one kept in the state folder if not given. `patience` is how many seconds a service may take to
    answer.

    Raises PortsUnusable before anything is started, ServiceSilent, and ServiceEnded, also for a service that ended
    inside the block without having been asked to.
    """
    ports = ports or Ports.free()
    key = admin_key or platform_admin_key(state=state)
    used = {**app_settings(ports=ports, state=state.absolute(), admin_key=key), **(settings or {})}
    plain = os.environ.get(PLAIN_TABLES, "") not in {"", "0"} if plain_tables is None else plain_tables
    services = [
        tables(ports=ports, state=state, in_memory=in_memory_tables, plain=plain),
        service_bus(ports=ports),
        sandbox(ports=ports, state=state),
        functions(ports=ports, settings=used),
    ]
    wanted = [
        replace(service, command=()) if service.name in external else service
        for service in services
        if service.name in only
    ]
    with Runner(wanted, write=write, patience=patience) as runner:
        yield Stack(ports=ports, state=state, settings=used, platform_admin_key=key, runner=runner)
