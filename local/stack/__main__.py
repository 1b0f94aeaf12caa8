"""Starts the whole stack in the foreground and serves until Ctrl-C."""

import argparse
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from local.stack.admin_key import platform_admin_key
from local.stack.console import Console, wants_colour
from local.stack.core_tools import write_local_settings
from local.stack.demo_file import VARIABLE, demo_file, own_demo_file
from local.stack.foreground import in_foreground
from local.stack.parts import ALL, FUNCTIONS, SANDBOX, SERVICE_BUS, TABLES
from local.stack.ports import Ports, taken
from local.stack.process import PROJECT
from local.stack.running import Stack, running
from local.stack.service import Service

STATE = PROJECT / ".local"
STACK = "stack"
EXTERNAL = {"EXTERNAL_TABLES": TABLES, "EXTERNAL_SERVICE_BUS": SERVICE_BUS}


def state_folder(ports: Ports, *, root: Path) -> Path:
    """Stacks side by side share a checkout, and must not share Azurite's files: the second has a folder of its own."""
    return root if ports.functions == Ports().functions else root / f"stack-{ports.functions}"


def external_services(environment: Mapping[str, str]) -> frozenset[str]:
    """The services that the environment says are run by somebody else, such as Docker."""
    return frozenset(name for variable, name in EXTERNAL.items() if environment.get(variable, "") not in {"", "0"})


def serve(*, ports: Ports, demo: bool, app: bool, root: Path, console: Console) -> None:
    """Starts everything, or all but the app, and never returns.

    Raises StopAsked or a StackFault, once all of it has been stopped.
    """
    started = time.monotonic()
    external = external_services(os.environ)
    if demo and not taken(ports.functions):
        # Whoever waits for it waits for this run's demo; a stack that runs already keeps its own.
        for file in (own_demo_file(root, ports), demo_file(root)):
            file.unlink(missing_ok=True)
    if external:
        console.write(STACK, f"run by somebody else, as the environment says: {', '.join(sorted(external))}")
    with running(
        state=state_folder(ports, root=root),
        ports=ports,
        settings=os.environ,
        only=ALL if app else ALL - {FUNCTIONS},
        external=external,
        admin_key=platform_admin_key(state=root),
        write=console.write,
    ) as stack:
        console.write(STACK, f"everything answers after {time.monotonic() - started:.1f} s")
        try:
            if demo:
                show(stack, file=own_demo_file(root, ports))
            if app:
                console.write(STACK, f"Integrations page  {stack.functions_url}/")
            else:
                console.write(STACK, f"the app's settings {write_local_settings(stack)}")
            console.write(STACK, f"what was delivered {stack.sandbox_url}/_sandbox/transactions")
            console.write(STACK, "serving until Ctrl-C")
            stack.runner.wait()
        finally:
            console.write(STACK, "stopping")


def show(stack: Stack, *, file: Path) -> None:
    """Runs the demo to its end. Raises ServiceEnded when it fails."""
    demo = Service(
        name="demo",
        command=(sys.executable, "-m", "local.demo"),
        may_end=True,
        environment={
            **stack.environment(),
            VARIABLE: str(file),
            **({"FORCE_COLOR": "1"} if wants_colour(sys.stdout) else {}),
        },
    )
    stack.runner.run(demo)


def main() -> int:
    """The exit code of the command; see the top of this file."""
    parser = argparse.ArgumentParser(
        prog="python -m local.stack", description="Start the whole stack; Ctrl-C stops it."
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--demo", action="store_true", help="drive two demo operators through it before serving")
    what.add_argument(
        "--without-app",
        action="store_true",
        help="leave the app to Core Tools, and write the local.settings.json for it",
    )
    parser.add_argument("--state", type=Path, default=STATE, help="the folder of all local state")
    arguments = parser.parse_args()
    # A service may print what this terminal cannot show; that must not end the stack.
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    console = Console((TABLES, SERVICE_BUS, SANDBOX, FUNCTIONS, STACK), colour=wants_colour(sys.stdout))
    return in_foreground(
        lambda: serve(
            ports=Ports.from_environment(os.environ),
            demo=arguments.demo,
            app=not arguments.without_app,
            root=arguments.state,
            console=console,
        ),
        say=lambda line: console.write(STACK, line),
    )


if __name__ == "__main__":
    sys.exit(main())
