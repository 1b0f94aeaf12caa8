"""The operator that is there for the smoke test alone, and its keys."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from local.smoke.app_client import AppClient
from local.smoke.faults import SmokeFailed

GLN = "9520000000004"
"""GS1 keeps the prefix 952 for examples: no company ever has this number."""
NAME = "Smoke test"
TARIFF_ID = "smoke"
ROUTE = f"/api/v1/operators/{GLN}"
SCOPES = ("charging-platform", "utility-cloud")
_LABEL = "smoke test"
_CUT_OFF = timedelta(hours=1)
_OPERATOR = {
    "name": NAME,
    "mode": "costed-transaction",
    "state": "rehearsal",
    "currency": "NOK",
    "timezone": "Europe/Oslo",
    "defaultTariffId": TARIFF_ID,
}
_TARIFF = {
    "id": TARIFF_ID,
    "currency": "NOK",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 2, "vat": 25, "step_size": 1}]}],
}


def prepare_operator(app: AppClient, *, admin_key: str) -> bool:
    """Makes the operator and its tariff where they are missing; whether they were.

    Raises SmokeFailed when what stands under this GLN would send lines, or is not the smoke test's.
    """
    if app.ask("GET", ROUTE, key=admin_key).status_code == HTTPStatus.NOT_FOUND:
        app.call("PUT", ROUTE, key=admin_key, body=_OPERATOR)
        app.call("PUT", f"{ROUTE}/tariffs/{TARIFF_ID}", key=admin_key, body=_TARIFF)
        return True
    found = app.call("GET", ROUTE, key=admin_key)
    differs = {name: found[name] for name, value in _OPERATOR.items() if found[name] != value}
    if differs:
        raise SmokeFailed(f"operator {GLN} is not as the smoke test made it, {differs}: put it back, nothing was done")
    if app.ask("GET", f"{ROUTE}/tariffs/{TARIFF_ID}", key=admin_key).status_code == HTTPStatus.NOT_FOUND:
        app.call("PUT", f"{ROUTE}/tariffs/{TARIFF_ID}", key=admin_key, body=_TARIFF)
    return False


@contextmanager
def keys_of_a_run(app: AppClient, *, admin_key: str) -> Iterator[dict[str, str]]:
    """A key of each scope, revoked at the end however that comes; those of a run that was cut off are revoked too."""
    _revoke_left_over(app, admin_key=admin_key)
    issued = []
    try:
        for scope in SCOPES:
            body = {"scope": scope, "label": _LABEL}
            issued.append(app.call("POST", f"{ROUTE}/api-keys", key=admin_key, body=body))
        yield {each["scope"]: each["key"] for each in issued}
    finally:
        left = [each["keyId"] for each in issued if not _is_revoked(app, each["keyId"], admin_key=admin_key)]
        # What else went wrong is not to be hidden by this.
        if left and sys.exception() is None:
            raise SmokeFailed(f"not revoked: {', '.join(left)}; a run that begins an hour from now does it")


def _is_revoked(app: AppClient, key_id: str, *, admin_key: str) -> bool:
    try:
        app.call("DELETE", f"{ROUTE}/api-keys/{key_id}", key=admin_key)
    except SmokeFailed:
        return False
    return True


def _revoke_left_over(app: AppClient, *, admin_key: str) -> None:
    path = f"{ROUTE}/api-keys?limit=1000"
    before = datetime.now(UTC) - _CUT_OFF
    for key in app.call("GET", path, key=admin_key)["items"]:
        is_left_over = key["label"] == _LABEL and datetime.fromisoformat(key["createdAt"]) < before
        if is_left_over and key["revokedAt"] is None:
            app.call("DELETE", f"{ROUTE}/api-keys/{key['keyId']}", key=admin_key)
