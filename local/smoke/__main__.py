"""`python -m local.smoke --url https://...`: whether a running app does what it is for. Without --url, the local stack.

Exit codes: 0 all is well, 1 the app does not do what it should, 2 the test could not be run as it was asked for.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

import httpx
from azure.core.exceptions import ClientAuthenticationError
from azure.servicebus.exceptions import ServiceBusError

from local.demo.show import Stopwatch, heading, step
from local.smoke.app_client import AppClient
from local.smoke.faults import SmokeFailed, SmokeImpossible
from local.smoke.journey import Journey
from local.smoke.operator import GLN, NAME, keys_of_a_run, prepare_operator
from local.smoke.platform import Platform, azure_platform, local_platform
from local.stack.faults import PortsUnusable

# What `azd env get-values` says, so that no argument has to be given after it.
_FROM_AZD = {
    "url": "FUNCTION_APP_URL",
    "namespace": "CONTRACT_EVENTS_NAMESPACE",
    "topic": "CONTRACT_EVENTS_TOPIC",
    "vault": "PLATFORM_KEY_VAULT_NAME",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    logging.getLogger("azure").setLevel(logging.CRITICAL)  # what goes wrong is raised, and told once
    try:
        platform, patience, build = _asked_for(arguments)
        smoke(platform, patience=patience, build=build)
    except SmokeFailed as failed:
        print(f"  ✗ {failed}", file=sys.stderr)
        return 1
    except (SmokeImpossible, PortsUnusable) as impossible:
        print(f"the smoke test cannot be run: {impossible}", file=sys.stderr)
        return 2
    except (ServiceBusError, ClientAuthenticationError) as error:
        print(f"the smoke test cannot be run: no contract event can be published: {error}", file=sys.stderr)
        return 2
    print("all is well")
    return 0


def smoke(platform: Platform, *, patience: float, build: str | None = None) -> None:
    """The whole test; each step may take `patience` seconds. Begins when `build` answers, if one is given.

    Raises SmokeFailed, SmokeImpossible where an app of this machine is not there, and what the Service Bus SDK raises.
    """
    heading(f"Smoke test of {platform.url} (operator {GLN}, in rehearsal)")
    app = AppClient(platform.url, patience=patience)
    try:
        app.require_listener()
        watch = Stopwatch()
        health = app.eventually(
            "/health", lambda status, said: status == 200 and (build is None or said.get("build") == build)
        )
        step("health", f"version {health['version']}, build {health.get('build')}", seconds=watch.seconds)
        watch = Stopwatch()
        made = prepare_operator(app, admin_key=platform.admin_key)
        step("operator", f"{NAME}: {'made' if made else 'there'}", seconds=watch.seconds)
        with keys_of_a_run(app, admin_key=platform.admin_key) as keys:
            Journey(app, platform, keys).run()
        step("keys", "of this run revoked")
    except httpx.TransportError as error:
        raise SmokeFailed(f"{platform.url} does not answer: {error!r}") from error
    finally:
        app.close()


def _asked_for(arguments: Sequence[str] | None) -> tuple[Platform, float, str | None]:
    parser = argparse.ArgumentParser(prog="python -m local.smoke", description=__doc__)
    for name, variable in _FROM_AZD.items():
        parser.add_argument(f"--{name}", default=os.environ.get(variable), help=f"else {variable} of the environment")
    parser.add_argument(
        "--patience", type=float, default=180.0, help="seconds that each step may take, 180 if not given"
    )
    parser.add_argument(
        "--build", help="wait until /health names this build: while an update rolls, the old one answers"
    )
    asked = parser.parse_args(arguments)
    given = {name: getattr(asked, name) for name in _FROM_AZD}
    if not given["url"]:
        return local_platform(), asked.patience, asked.build
    missing = [f"--{name}" for name, value in given.items() if not value]
    if missing:
        raise SmokeImpossible(f"{', '.join(missing)} must be given too, or `azd env get-values` be in the environment")
    return azure_platform(**given), asked.patience, asked.build


if __name__ == "__main__":
    sys.exit(main())
