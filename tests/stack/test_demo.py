"""What a newcomer sees: the demo drives both operators through the real stack and leaves their keys."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from local.stack import Ports
from local.stack.demo_file import demo_file

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90


class Run:
    """`make run` without make: the stack in the foreground, its output gathered."""

    def __init__(self, state: Path) -> None:
        self.ports = Ports.free()
        self.state = state
        self._output = output = state / "output.txt"
        environment = {**os.environ, **self.ports.as_environment(), "NO_COLOR": "1"}
        self.started = time.monotonic()
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.stack", "--demo", "--state", str(state)],
                cwd=ROOT,
                env=environment,
                stdout=file,
                stderr=file,
            )

    @property
    def text(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def wait_until_serving(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "serving until Ctrl-C" not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("demo"))
    try:
        run.wait_until_serving()
        yield run
    finally:
        run.process.send_signal(signal.SIGINT)
        run.process.wait(timeout=60)


def test_the_demo_tells_both_journeys_with_real_figures(run: Run) -> None:
    text = run.text
    assert "To pay 43.50 + 10.88 = 54.38 NOK incl. VAT" in text
    assert "totalCostInclVat       54.38" in text
    assert "together 12.345 kWh" in text
    assert "Traceback" not in text


def test_the_demo_leaves_two_live_operators_and_keys_that_work(run: Run) -> None:
    demo = json.loads(demo_file(run.state).read_text())
    url = f"http://127.0.0.1:{run.ports.functions}"
    assert [operator["mode"] for operator in demo["operators"]] == ["costed-transaction", "meter-value"]
    for operator in demo["operators"]:
        assert set(operator["keys"]) == {"charging-platform", "utility-cloud", "operator-admin"}
        headers = {"x-api-key": operator["keys"]["operator-admin"]}
        shown = httpx.get(f"{url}/api/v1/operators/{operator['gln']}", headers=headers)
        assert shown.status_code == 200
        assert shown.json()["state"] == "live"
        assert shown.json()["defaultSiteId"] is None
        assert shown.json()["defaultTariffId"] is None
    everyone = httpx.get(f"{url}/api/v1/operators", headers={"x-api-key": demo["platformAdminKey"]})
    assert everyone.status_code == 200


def test_the_pages_are_there(run: Run) -> None:
    url = f"http://127.0.0.1:{run.ports.functions}"
    start = httpx.get(f"{url}/")
    assert start.status_code == 200
    assert "/integrations/7080000000005" in start.text
    page = httpx.get(f"{url}/integrations/7080000000005")
    assert page.status_code == 200
    assert "Nordlys Energi" in page.text
    assert "delivered" in httpx.get(f"{url}/integrations/7080000000005/deliveries").text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert httpx.get(f"{url}/integrations/7080000000029").status_code == 404


def test_the_page_shows_what_waits_and_what_was_refused_and_lets_nothing_be_injected(run: Run) -> None:
    demo = json.loads(demo_file(run.state).read_text())
    url = f"http://127.0.0.1:{run.ports.functions}"
    headers = {"x-api-key": demo["operators"][0]["keys"]["charging-platform"]}
    stop = json.loads((ROOT / "tests" / "samples" / "charging-stopped.json").read_text())
    unknown = {**stop, "transactionId": "held-1", "authorizedIdTag": "<script>X</script>"}
    assert httpx.post(f"{url}/api/v1/charging-events", json=unknown, headers=headers).json()["status"] == "held"
    faulty = {**stop, "transactionId": "refused-1", "consumptionWh": "abc"}
    assert httpx.post(f"{url}/api/v1/charging-events", json=faulty, headers=headers).status_code == 422
    pages = f"{url}/integrations/{demo['operators'][0]['gln']}"
    sessions, logs = httpx.get(f"{pages}/sessions").text, httpx.get(f"{pages}/logs?referenceId=refused-1").text
    assert "held-1" in sessions
    assert "consumptionWh: must be a number" in logs
    assert all("<script>" not in page for page in (sessions, logs, httpx.get(pages).text))


def test_ctrl_c_leaves_no_process_and_no_taken_port(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.wait_until_serving()
    children = psutil.Process(run.process.pid).children(recursive=True)
    assert len(children) >= 4
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(timeout=60) == 0
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{run.ports.functions}/health")
