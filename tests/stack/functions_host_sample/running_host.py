"""Starts the local Functions host as its own process, as a developer does."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SAMPLE = Path(__file__).parent
PROJECT = SAMPLE.parents[2]
# Nothing listens on port 1, so an app whose messages do not matter keeps trying to reach its broker.
NO_BROKER = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=any;SharedAccessKey=any;UseDevelopmentEmulator=true;"
SETTINGS = {
    "SampleServiceBus": NO_BROKER,
    "SampleQueue": "deliveries",
    "SampleTopic": "contracts",
    "SampleSchedule": "0 0 0 29 2 *",
}
READY = "Functions host ready at "


@dataclass(frozen=True, kw_only=True)
class RunningHost:
    process: subprocess.Popen[str]
    url: str
    output: str
    log_file: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def log(self) -> str:
        """Everything that has been written to standard error so far."""
        return self.log_file.read_text()

    def stop(self, signal_number: signal.Signals = signal.SIGTERM) -> int:
        """The exit code. A host that does not stop is killed, and the test fails."""
        self.process.send_signal(signal_number)
        try:
            return self.process.wait(timeout=50)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def command(*, app: Path = SAMPLE, port: int = 0) -> list[str]:
    return [
        sys.executable,
        "-W",
        "error::ResourceWarning",
        "-m",
        "local.functions_host",
        "--app",
        str(app),
        "--port",
        str(port),
    ]


@contextmanager
def running_host(
    *, log_folder: Path, settings: Mapping[str, str] | None = None, app: Path = SAMPLE, port: int = 0
) -> Iterator[RunningHost]:
    """A host that is ready. It is stopped at the end, if the test has not done so."""
    log_file = log_folder / "host.log"
    environment = {**os.environ, **SETTINGS, **(settings or {})}
    with log_file.open("w") as log:
        process = subprocess.Popen(
            command(app=app, port=port), cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=deque, args=(map(lines.put, process.stdout), 0))
    reader.start()
    host: RunningHost | None = None
    try:
        output = ""
        while READY not in output:
            assert process.poll() is None, log_file.read_text()
            try:
                output += lines.get(timeout=0.2)
            except queue.Empty:
                continue
        host = RunningHost(process=process, url=output.rpartition(READY)[2].strip(), output=output, log_file=log_file)
        yield host
    finally:
        if process.poll() is None:
            host.stop() if host else process.kill()
        process.wait()
        reader.join()
        process.stdout.close()
