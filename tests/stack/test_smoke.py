"""The smoke test against the whole stack: what it says, what it sends nowhere, what it leaves, how it fails."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.smoke.operator import ROUTE
from local.stack import Stack
from tests.stack.whole_stack import WholeStack, shared_stack

PROJECT = Path(__file__).parents[2]
STEPS = ("health", "operator", "contract event", "authorization", "session", "line", "termination", "erasure", "keys")


@pytest.fixture
def whole(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> WholeStack:
    return shared_stack(pytestconfig, tmp_path_factory)


@pytest.fixture
def platform(whole: WholeStack) -> Iterator[httpx.Client]:
    """The app, asked with the platform's key."""
    headers = {"x-api-key": whole.stack.platform_admin_key}
    with httpx.Client(base_url=whole.stack.functions_url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


def _smoke(stack: Stack, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.smoke", *arguments]
    variables = {**os.environ, **stack.environment(), **environment}
    return subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, text=True, timeout=120, check=False)


def _keys(platform: httpx.Client) -> list[dict[str, Any]]:
    return list(platform.get(f"{ROUTE}/api-keys?limit=1000").json()["items"])


def test_a_run_does_every_step_sends_nothing_and_leaves_no_key_and_no_driver(
    whole: WholeStack, platform: httpx.Client
) -> None:
    first, second = _smoke(whole.stack), _smoke(whole.stack)
    for done in (first, second):
        assert done.returncode == 0, done.stderr
        positions = [done.stdout.index(f"✓ {each} ") for each in STEPS]
        assert positions == sorted(positions)
        assert whole.stack.platform_admin_key not in done.stdout + done.stderr
    assert "Smoke test: there" in second.stdout
    keys = _keys(platform)
    assert len(keys) >= 4
    assert [key for key in keys if key["revokedAt"] is None] == []
    driver, session = re.findall(r"driver (SMOKE\d+) is gone|session +(\d+) settled", second.stdout)[::-1]
    assert platform.get(f"{ROUTE}/drivers/{driver[0]}").status_code == 404
    assert whole.arrived("transactions", session[1]) == []
    asked = httpx.get(f"{whole.stack.sandbox_url}/_sandbox/requests", timeout=60, trust_env=False).text
    assert session[1] not in asked


def test_a_line_that_says_something_else_fails_the_run_and_the_contract_ends_all_the_same(
    whole: WholeStack, platform: httpx.Client
) -> None:
    assert _smoke(whole.stack).returncode == 0
    tariff = platform.get(f"{ROUTE}/tariffs/smoke").json()
    dearer = {**tariff, "elements": [{"price_components": [{"type": "ENERGY", "price": 3, "vat": 25, "step_size": 1}]}]}
    dearer = {name: value for name, value in dearer.items() if name in {"id", "currency", "elements"}}
    # From yesterday on, for the session began before it was put.
    put = platform.put(f"{ROUTE}/tariffs/smoke?validFrom=2026-01-01T00:00:00Z", json=dearer)
    assert put.is_success, put.text
    try:
        failed = _smoke(whole.stack)
        assert failed.returncode == 1, failed.stdout
        assert "totalCostExclVat" in failed.stderr
        assert [key for key in _keys(platform) if key["revokedAt"] is None] == []
        driver = failed.stdout.split("driver ")[1].split(" ")[0]
        key = platform.post(f"{ROUTE}/api-keys", json={"scope": "utility-cloud", "label": "a look"}).json()
        headers = {"x-api-key": key["key"]}
        with httpx.Client(base_url=whole.stack.functions_url, headers=headers, trust_env=False) as utility_cloud:
            while utility_cloud.get(f"/api/v1/drivers/{driver}").json()["status"] != "terminated":
                pass
        platform.delete(f"{ROUTE}/api-keys/{key['keyId']}")
    finally:
        tariff = {name: value for name, value in tariff.items() if name in {"id", "currency", "elements"}}
        put = platform.put(f"{ROUTE}/tariffs/smoke?validFrom=2026-01-02T00:00:00Z", json=tariff)
        assert put.is_success, put.text


def test_an_operator_that_would_send_is_not_touched(whole: WholeStack, platform: httpx.Client) -> None:
    assert _smoke(whole.stack).returncode == 0
    before = _keys(platform)
    document = {"name": "Smoke test", "state": "live", "currency": "NOK", "timezone": "Europe/Oslo"}
    assert platform.put(ROUTE, json={**document, "defaultTariffId": "smoke"}).is_success
    try:
        failed = _smoke(whole.stack)
        assert failed.returncode == 1
        assert "'state': 'live'" in failed.stderr
        assert "contract event" not in failed.stdout
        assert _keys(platform) == before
    finally:
        assert platform.put(ROUTE, json={**document, "state": "rehearsal", "defaultTariffId": "smoke"}).is_success


def test_a_key_that_the_app_refuses_is_told_and_not_shown(whole: WholeStack) -> None:
    failed = _smoke(whole.stack, PLATFORM_ADMIN_KEY="not-the-platforms-key")
    assert failed.returncode == 1
    assert "401" in failed.stderr
    assert "not-the-platforms-key" not in failed.stdout + failed.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_where_nothing_listens_on_this_machine_it_cannot_be_run_and_says_so_at_once(
    whole: WholeStack, host: str
) -> None:
    failed = _smoke(whole.stack, PublicAddress=f"http://{host}:1")
    assert failed.returncode == 2
    assert f"nothing listens at http://{host}:1" in failed.stderr
    assert "make run" in failed.stderr


def test_a_deployed_app_that_does_not_answer_fails_after_its_patience(whole: WholeStack) -> None:
    failed = _smoke(whole.stack, "--patience", "0.3", PublicAddress="http://connector.invalid")
    assert failed.returncode == 1
    assert "not within 0.3 s" in failed.stderr


def test_what_listens_on_this_machine_and_does_not_answer_fails_after_its_patience(whole: WholeStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        thread = threading.Thread(target=_hang_up, args=(mute,))
        thread.start()
        try:
            failed = _smoke(whole.stack, "--patience", "0.3", PublicAddress=f"http://127.0.0.1:{mute.getsockname()[1]}")
        finally:
            mute.shutdown(socket.SHUT_RDWR)
            thread.join()
    assert failed.returncode == 1
    assert "not within 0.3 s" in failed.stderr


def _hang_up(server: socket.socket) -> None:
    """On everybody, until the server is closed."""
    with suppress(OSError):
        while True:
            server.accept()[0].close()


def test_what_is_missing_to_reach_azure_is_named(whole: WholeStack) -> None:
    failed = _smoke(whole.stack, "--url", "https://an-app.azurewebsites.net", "--topic", "t", FUNCTION_APP_URL="")
    assert failed.returncode == 2
    assert "--namespace, --vault must be given too" in failed.stderr


def test_a_run_for_a_build_waits_for_it_and_touches_nothing_before(whole: WholeStack) -> None:
    failed = _smoke(whole.stack, "--build", "0123456789ab", "--patience", "0.5")

    assert failed.returncode == 1
    assert "not within 0.5 s" in failed.stderr
    assert '"build"' in failed.stderr
    assert "operator" not in failed.stdout.split("rehearsal)")[1]
