"""What a newcomer sees: the demo drives both operators through the real stack and leaves their keys."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from local.stack import Ports
from local.stack.admin_key import key_hash, platform_admin_key
from local.stack.app_settings import app_settings
from local.stack.demo_file import VARIABLE, demo_file, own_demo_file
from shared.settings import read_settings
from tests.stack.stack_runner_stand_ins import until

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90


class Run:
    """`make run` without make: the stack in the foreground, its output gathered."""

    def __init__(self, state: Path, *options: str) -> None:
        self.ports = Ports.free()
        self.state = state
        self._output = output = state / f"output-{self.ports.functions}.txt"
        environment = {**os.environ, **self.ports.as_environment(), "NO_COLOR": "1"}
        self.started = time.monotonic()
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.stack", *options, "--state", str(state)],
                cwd=ROOT,
                env=environment,
                stdout=file,
                stderr=file,
            )

    @property
    def text(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def wait_until_serving(self) -> None:
        until(lambda: self.process.poll() is not None or self._serves(), seconds=PATIENCE_SECONDS)
        assert self._serves(), self.text

    def _serves(self) -> bool:
        return "serving until Ctrl-C" in self.text

    def end(self) -> int:
        """Ctrl-C; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("demo"), "--demo")
    try:
        run.wait_until_serving()
        yield run
    finally:
        run.end()


@pytest.fixture(scope="module")
def beside(run: Run) -> Iterator[Run]:
    """A second stack on the same folder, started while the first one runs."""
    second = Run(run.state, "--demo")
    try:
        second.wait_until_serving()
        yield second
    finally:
        second.end()


def _are_good(file: Path, ports: Ports) -> bool:
    """Whether the keys of a demo file open the stack with these ports."""
    url = f"http://127.0.0.1:{ports.functions}/api/v1/operators"
    operators = json.loads(file.read_text())["operators"]
    answers = {
        httpx.get(f"{url}/{each['gln']}", headers={"x-api-key": each["keys"]["operator-admin"]}).status_code
        for each in operators
    }
    return answers == {200}


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


def test_stacks_side_by_side_have_a_file_each_and_demo_json_is_that_of_the_last(run: Run, beside: Run) -> None:
    first, second = (own_demo_file(run.state, each.ports) for each in (run, beside))
    assert _are_good(first, run.ports)
    assert _are_good(second, beside.ports)
    assert not _are_good(first, beside.ports)
    assert demo_file(run.state).read_text() == second.read_text()
    assert str(first) in run.text
    modes = {stat.S_IMODE(file.stat().st_mode) for file in run.state.glob("demo*")}
    assert modes == {0o600}


@pytest.mark.usefixtures("beside")
def test_the_demo_finds_its_operators_and_their_keys_again(run: Run) -> None:
    file = own_demo_file(run.state, run.ports)
    before = file.read_text()
    again = subprocess.run(
        [sys.executable, "-m", "local.demo"],
        cwd=ROOT,
        env={
            **os.environ,
            **run.ports.as_environment(),
            **app_settings(ports=run.ports, state=run.state, admin_key=""),
            "PLATFORM_ADMIN_KEY": platform_admin_key(state=run.state),
            VARIABLE: str(file),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert again.returncode == 0, again.stderr
    assert file.read_text() == before


def test_ctrl_c_leaves_no_process_and_no_taken_port(beside: Run) -> None:
    children = psutil.Process(beside.process.pid).children(recursive=True)
    assert len(children) >= 4
    assert beside.end() == 0
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{beside.ports.functions}/health")


def test_without_the_app_the_settings_are_there_with_which_it_runs(tmp_path: Path) -> None:
    stack = Run(tmp_path, "--without-app")
    try:
        stack.wait_until_serving()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{stack.ports.functions}/health")
        file = tmp_path / f"stack-{stack.ports.functions}" / "local.settings.json"
        assert str(file) in stack.text
        document = json.loads(file.read_text())
        assert document["Host"] == {"LocalHttpPort": stack.ports.functions}
        values = document["Values"]
        assert Path(values["EntraCaBundle"]).is_file()
        settings = read_settings(values)
        assert settings.platform_admin_key_hash == key_hash(platform_admin_key(state=tmp_path))
        _run_the_app(values, stack.ports.functions)
    finally:
        stack.end()


def _run_the_app(values: dict[str, str], port: int) -> None:
    """With these settings and no other it answers and reaches what it needs."""
    own = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    command = [sys.executable, "-m", "local.functions_host", "--app", ".", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=own | values, stdout=subprocess.DEVNULL) as app:
        try:
            until(lambda: app.poll() is not None or _is_well(port), seconds=PATIENCE_SECONDS)
            assert app.poll() is None
        finally:
            app.terminate()


def _is_well(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=30).status_code == 200
    except httpx.TransportError:
        return False
