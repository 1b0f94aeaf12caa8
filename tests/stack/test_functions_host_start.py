"""The host starts completely or says what is wrong, and stops without a trace."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import psutil
import pytest

from tests.stack.functions_host_sample.running_host import PROJECT, SAMPLE, SETTINGS, command, running_host

GOOD_APP = """
import azure.functions as func
app = func.FunctionApp()

@app.route(route="hello")
async def hello(req: func.HttpRequest) -> func.HttpResponse:
    import os
    return func.HttpResponse(os.environ["Greeting"])
"""
GOOD_HOST = {"version": "2.0"}
TIMER_APP = """
import azure.functions as func
app = func.FunctionApp()

@app.timer_trigger(arg_name="timer", schedule="%Schedule%")
async def tick(timer: func.TimerRequest) -> None: ...
"""
QUEUE_APP = """
import azure.functions as func
app = func.FunctionApp()

@app.service_bus_queue_trigger(arg_name="message", queue_name="%Queue%", connection="Bus")
async def receive(message: func.ServiceBusMessage) -> None: ...
"""
BUNDLE = {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}


def _app(folder: Path, *, code: str | None, host: object = GOOD_HOST, settings: object = None) -> Path:
    (folder / "host.json").write_text(json.dumps(host))
    if code is not None:
        (folder / "function_app.py").write_text(code)
    if settings is not None:
        (folder / "local.settings.json").write_text(json.dumps(settings))
    return folder


def _failed_start(app: Path, *, settings: Mapping[str, str] | None = None, port: int = 0) -> str:
    """What a host that must not start writes to standard error."""
    environment = {**os.environ, **(settings or {})}
    finished = subprocess.run(
        command(app=app, port=port),
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 1, finished.stdout
    assert "ready" not in finished.stdout
    return finished.stderr


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import a_module_that_is_not_there\n", "ModuleNotFoundError: No module named 'a_module_that_is_not_there'"),
        ("import os\nos.environ['ASettingThatIsNotThere']\n", "KeyError: 'ASettingThatIsNotThere'"),
    ],
)
def test_an_import_that_fails_is_shown_with_its_traceback(tmp_path: Path, code: str, reason: str) -> None:
    error = _failed_start(_app(tmp_path, code=code))

    assert "Traceback" in error
    assert 'function_app.py", line' in error
    assert "0 functions found" in error.splitlines()[-1]
    assert reason in error


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (None, "function_app.py is missing"),
        ("import azure.functions as func\napp = func.FunctionApp()\n", "registers none"),
        ("print('no app')\n", "Could not find top level function app"),
        (GOOD_APP.replace("req: func.HttpRequest", "request: func.HttpRequest"), "request"),
        (GOOD_APP + GOOD_APP.split("\n\n")[1], "unique function name"),
    ],
    ids=["no file", "no functions", "no app", "parameter of another name", "the same name twice"],
)
def test_an_app_without_functions_is_refused(tmp_path: Path, code: str | None, reason: str) -> None:
    assert reason in _failed_start(_app(tmp_path, code=code))


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    code = QUEUE_APP + TIMER_APP.split("\n\n")[1]
    app = _app(tmp_path, code=code, host={"version": "2.0", "extensionBundle": BUNDLE})

    error = _failed_start(app, settings={"Queue": "deliveries"})

    assert "function receive: setting Bus is missing" in error
    assert "function tick: setting Schedule is missing" in error


def test_a_binding_that_is_not_served_is_named(tmp_path: Path) -> None:
    code = GOOD_APP.replace(
        "async def", '@app.queue_output(arg_name="out", queue_name="q", connection="Storage")\nasync def'
    ).replace("req: func.HttpRequest)", "req: func.HttpRequest, out: func.Out[str])")

    assert "function hello: bindings that are not served locally: queue" in _failed_start(_app(tmp_path, code=code))


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = _failed_start(SAMPLE, settings=SETTINGS, port=port)

    assert f"port {port} is taken" in error


def test_local_settings_are_read_and_the_environment_wins(tmp_path: Path) -> None:
    app = _app(
        tmp_path,
        code=GOOD_APP,
        settings={"IsEncrypted": False, "Values": {"Greeting": "from the file", "HOME": "/none"}},
    )

    with running_host(log_folder=tmp_path, app=app) as host:
        from_file = httpx.get(f"{host.url}/api/hello").text
        assert "hello: [all methods] http://127.0.0.1:" in host.output
    with running_host(log_folder=tmp_path, app=app, settings={"Greeting": "from outside"}) as host:
        from_environment = httpx.get(f"{host.url}/api/hello").text

    assert (from_file, from_environment) == ("from the file", "from outside")


def test_a_disabled_function_is_not_served(tmp_path: Path) -> None:
    with running_host(
        log_folder=tmp_path,
        settings={
            "AzureWebJobs__greet__Disabled": "true",
            "AzureWebJobs.fail.Disabled": "1",
            "AzureWebJobs__from_queue__Disabled": "True",
        },
    ) as host:
        answers = {path: httpx.get(f"{host.url}/api/{path}").status_code for path in ("greet/me", "fail", "seen")}
        assert "greet: [GET] " in host.output
        assert host.output.count("(disabled)") == 3
        # Where there is no broker, each function that listens says so, in the order of the app.
        deadline = time.monotonic() + 60
        while "from_topic cannot receive" not in host.log():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert "from_queue" not in host.log()

    assert answers == {"greet/me": 404, "fail": 404, "seen": 200}


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_on_a_signal_and_leaves_nothing(tmp_path: Path, signal_number: signal.Signals) -> None:
    with running_host(log_folder=tmp_path) as host:
        children = psutil.Process(host.process.pid).children(recursive=True)
        with httpx.Client() as keeps_its_connection:
            keeps_its_connection.get(f"{host.url}/api/greet")
            code = host.stop(signal_number)
        port = host.port
        log = host.log()

    assert code == 0
    assert children == []
    assert "Traceback" not in log
    assert "ResourceWarning" not in log
    socket.create_server(("127.0.0.1", port)).close()
