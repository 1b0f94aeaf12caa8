"""The two demo operators: set up once, found again at the next start."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.demo.stack_client import StackClient
from local.sandbox.demo_operators import DEMO_OPERATORS, DemoOperator

SITE_ID = 9001
TARIFF_ID = "demo"
SCOPES = ("charging-platform", "utility-cloud", "operator-admin")
NAMES = {"7080000000005": "Nordlys Energi", "7080000000012": "Solvind Kraft"}

TARIFF = {
    "id": TARIFF_ID,
    "currency": "NOK",
    "elements": [
        {
            "price_components": [
                {"type": "ENERGY", "price": 3.2, "vat": 25, "step_size": 1},
                {"type": "FLAT", "price": 4.0, "vat": 25, "step_size": 1},
            ]
        }
    ],
    "max_price": {"excl_vat": 400.0, "incl_vat": 500.0},
}
SITE = {
    "name": "Solveien borettslag (demo)",
    "timezone": "Europe/Oslo",
    "access": "private",
    "tariffId": TARIFF_ID,
    "revenueShare": {"enabled": True, "revenueShareId": 4711},
}


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A demo operator that is set up, and a key of each scope."""

    gln: str
    mode: str
    keys: dict[str, str]

    @property
    def name(self) -> str:
        """What it is called."""
        return NAMES[self.gln]


def prepare(stack: StackClient, *, kept_keys: Path) -> list[Prepared]:
    """Sets up what is not there yet. An operator that somebody has changed since is left as it is."""
    known = json.loads(kept_keys.read_text()) if kept_keys.exists() else {}
    prepared = [_prepare(stack, operator, known.get(operator.gln, {})) for operator in DEMO_OPERATORS]
    descriptor = os.open(kept_keys, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({operator.gln: operator.keys for operator in prepared}, file)
    return prepared


def _prepare(stack: StackClient, operator: DemoOperator, known_keys: dict[str, str]) -> Prepared:
    route, admin = f"/api/v1/operators/{operator.gln}", stack.platform_admin_key
    if stack.status_of(route, key=admin) == 404:
        stack.call("PUT", route, key=admin, body=_document(operator))
        stack.call("PUT", f"{route}/tariffs/{TARIFF_ID}", key=admin, body=TARIFF)
        stack.call("PUT", f"{route}/sites/{SITE_ID}", key=admin, body=SITE)
    keys = {
        scope: known_keys[scope]
        if scope in known_keys and _holds(stack, scope, known_keys[scope], route)
        else stack.call("POST", f"{route}/api-keys", key=admin, body={"scope": scope, "label": "demo"})["key"]
        for scope in SCOPES
    }
    return Prepared(gln=operator.gln, mode=operator.mode, keys=keys)


def _holds(stack: StackClient, scope: str, key: str, route: str) -> bool:
    """Whether a key from an earlier start is still good: an unknown one is told from one of another scope."""
    path = "/api/v1/transactions?limit=1" if scope == "utility-cloud" else route
    return stack.status_of(path, key=key) != 401


def _document(operator: DemoOperator) -> dict[str, Any]:
    return {
        "name": NAMES[operator.gln],
        "mode": operator.mode,
        "state": "live",
        "currency": "NOK",
        "timezone": "Europe/Oslo",
        "entra": {
            "directoryId": operator.directory_id,
            "clientId": operator.client_id,
            "clientSecret": operator.client_secret,
            "scope": operator.scope,
        },
    }
