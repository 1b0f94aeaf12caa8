"""However the runner ends, its services end with it, and nothing is left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from local.stack.ports import taken
from local.stack.process import PROJECT
from tests.stack.stack_runner_stand_ins import Journal, alive, free_port, until

PROGRAM = """
import sys
from pathlib import Path
from local.stack.console import Console
from local.stack.foreground import in_foreground
from local.stack.runner import Runner
from tests.stack.stack_runner_stand_ins import Journal, stand_in

journal, one, other, kind = Journal(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
services = [stand_in("tables", journal, port=one), stand_in("functions", journal, port=other, after=("tables",))]
if kind == "difficult":
    services = [
        stand_in("tables", journal, "says-goodbye", port=one),
        stand_in("functions", journal, "stubborn", "has-child", port=other, grace=0.2),
        stand_in("polite", journal, "has-child"),
    ]
if kind == "never-ready":
    services[1] = stand_in("functions", journal, "mute", port=other)
console = Console([service.name for service in services], colour=False)

def work():
    with Runner(services, write=console.write) as runner:
        console.write("", "ready")
        runner.wait()

sys.exit(in_foreground(work, say=lambda line: console.write("", line)))
"""

type Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture
def start(journal: Journal, ports: tuple[int, int]) -> Iterator[Start]:
    """Starts a runner in a process of its own; whatever a failed test leaves is killed."""
    started: list[subprocess.Popen[str]] = []

    def start_one(kind: str = "plain", *, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        runner = subprocess.Popen(
            [*before, sys.executable, "-c", PROGRAM, str(journal.path), *map(str, ports), kind],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(runner)
        return runner

    yield start_one
    for runner in started:
        with suppress(ProcessLookupError):
            os.killpg(runner.pid, signal.SIGKILL)
        runner.communicate()
    for pid in journal.pids():
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def wait_until_ready(runner: subprocess.Popen[str]) -> list[str]:
    """What the runner printed until all its services answered."""
    assert runner.stdout is not None
    lines: list[str] = []
    for line in runner.stdout:
        if line == "ready\n":
            return lines
        lines.append(line)
    pytest.fail(f"it ended before it was ready: {lines}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_it_stops_all_in_reverse_order_and_says_so(
    number: signal.Signals, start: Start, journal: Journal, ports: tuple[int, int]
) -> None:
    runner = start()
    before = wait_until_ready(runner)
    runner.send_signal(number)
    output, errors = runner.communicate(timeout=60)
    assert (runner.returncode, errors) == (0, "")
    # What a service says is passed on beside all else, so it may come after the word that all are ready.
    *said, last = [*before, *output.splitlines(keepends=True)]
    assert last == "stopped\n"
    assert sorted(said) == ["functions | hello from functions\n", "tables    | hello from tables\n"]
    assert journal.lines()[-2:] == ["functions stopped by SIGTERM", "tables stopped by SIGTERM"]
    assert not any(map(taken, ports))
    assert not any(map(alive, journal.pids()))


def test_a_second_request_does_not_cut_the_stopping_short(start: Start, journal: Journal) -> None:
    runner = start("difficult")
    wait_until_ready(runner)
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
        runner.send_signal(number)
    output, _ = runner.communicate(timeout=60)
    assert runner.returncode == 0
    assert output.endswith("stopped\n")
    assert journal.has("tables saved")
    assert not any(map(alive, journal.pids()))


def test_it_can_be_stopped_while_it_still_waits_for_a_service(start: Start, journal: Journal) -> None:
    runner = start("never-ready")
    until(lambda: journal.has("tables listening"))
    until(lambda: any(line.startswith("functions pid") for line in journal.lines()))
    runner.send_signal(signal.SIGINT)
    runner.communicate(timeout=60)
    assert runner.returncode == 0
    assert journal.has("functions stopped by SIGTERM")
    assert journal.has("tables stopped by SIGTERM")


def test_killed_outright_it_leaves_no_process_and_no_port(
    start: Start, journal: Journal, ports: tuple[int, int]
) -> None:
    runner = start("difficult")
    wait_until_ready(runner)
    pids = journal.pids()
    assert len(pids) == 5
    assert all(map(alive, pids))
    runner.kill()
    runner.communicate()
    until(lambda: not any(map(alive, pids)))
    until(lambda: not any(map(taken, ports)))


def test_killed_outright_its_services_can_still_finish_what_they_do(start: Start, journal: Journal) -> None:
    runner = start("difficult")
    wait_until_ready(runner)
    runner.kill()
    runner.communicate()
    # It prints while it saves, and nobody is left to read that.
    until(lambda: journal.has("tables saved"))


def test_it_ends_when_whoever_started_it_is_gone(start: Start, journal: Journal, ports: tuple[int, int]) -> None:
    # A shell that stays between us and the runner, because something is left for it to do afterwards.
    shell = start(before=("sh", "-c", '"$@"; exit 7', "sh"))
    wait_until_ready(shell)
    shell.kill()
    until(lambda: journal.has("tables stopped by SIGTERM"))
    until(lambda: not any(map(taken, ports)))
    assert shell.stdout is not None
    with closing(shell.stdout) as output:
        assert output.read() == "stopped\n"


def test_when_one_service_dies_it_stops_the_others_and_says_which(start: Start, journal: Journal) -> None:
    runner = start()
    wait_until_ready(runner)
    os.kill(journal.number("functions", "pid"), signal.SIGKILL)
    _, errors = runner.communicate(timeout=60)
    assert runner.returncode == 1
    assert errors == "functions was killed by signal 9; its last lines:\n    hello from functions\n"
    assert journal.has("tables stopped by SIGTERM")


def test_output_that_nobody_reads_any_more_does_not_end_it(start: Start, journal: Journal) -> None:
    runner = start()
    wait_until_ready(runner)
    assert runner.stdout is not None
    runner.stdout.close()
    runner.send_signal(signal.SIGTERM)
    assert runner.wait(timeout=60) in {0, 120}
    assert journal.has("tables stopped by SIGTERM")


def test_the_command_names_every_port_that_it_cannot_have(ports: tuple[int, int]) -> None:
    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "local.stack"],
            env={**os.environ, **environment},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    malformed = run(FUNCTIONS_PORT="seventy", TABLES_PORT="70000")
    assert malformed.returncode == 2
    assert malformed.stderr.splitlines() == [
        "FUNCTIONS_PORT must be a port number from 1 to 65535, and is 'seventy'",
        "TABLES_PORT must be a port number from 1 to 65535, and is '70000'",
    ]
    same, other = map(str, ports)
    twice = run(
        FUNCTIONS_PORT=same,
        SANDBOX_PORT=same,
        TABLES_PORT=other,
        SERVICE_BUS_PORT=str(free_port()),
        SANDBOX_TLS_PORT=other,
    )
    assert twice.returncode == 2
    assert "both sandbox and functions (FUNCTIONS_PORT)" in twice.stderr
    assert "both tables and sandbox (SANDBOX_TLS_PORT)" in twice.stderr
