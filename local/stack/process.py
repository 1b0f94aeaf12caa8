"""A started service: its guard, its output, its end."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from local.stack.service import Service

GUARD = Path(__file__).with_name("guard.py")
PROJECT = Path(__file__).parents[2]

type Write = Callable[[str, str], None]
"""Is given a service's name and one line of its output, from a thread of its own for each service."""


class ServiceProcess:
    """A service that has been started, under its guard (see `guard.py`).

    Ends with this process however this process ends.
    """

    def __init__(self, service: Service, *, write: Write, on_end: Callable[[], None]) -> None:
        self.service = service
        self.lines: deque[str] = deque(maxlen=200)
        self.ended = threading.Event()
        self.pid: int | None = None
        """The program's, which also leads a process group of its own."""
        self._started = threading.Event()
        self._stopping = False
        self._write = write
        self._on_end = on_end
        kept_by_guard, self._held = os.pipe()
        try:
            self._guard = subprocess.Popen(
                [
                    # -I -S: the guard needs the standard library alone, and starts in 10 ms.
                    *(sys.executable, "-I", "-S", str(GUARD)),
                    *(str(int(service.stop_signal)), str(service.grace), *service.command),
                ],
                cwd=PROJECT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **service.environment},
                stdin=kept_by_guard,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except BaseException:
            os.close(self._held)
            raise
        finally:
            os.close(kept_by_guard)
        self._reader = threading.Thread(target=self._read, name=f"output of {service.name}", daemon=True)
        self._reader.start()

    @property
    def code(self) -> int:
        """The exit code as a shell counts it (128 and the number for a signal); only after `ended`."""
        code = self._guard.returncode
        return 128 - code if code < 0 else code

    @property
    def ended_by_itself(self) -> bool:
        """Whether it is gone though nobody asked it to go, and though that is not what it was started for."""
        return self.ended.is_set() and not self._stopping and not (self.service.may_end and self.code == 0)

    def stop(self) -> None:
        """Asks the service to end, kills it if it does not within its grace, and returns when it is gone."""
        self._stopping = True
        self._let_go()
        # The guard keeps the grace; if it is stuck itself, we do not wait for ever.
        if not self.ended.wait(self.service.grace + 2):
            self._guard.kill()
            self.kill()

    def kill(self) -> None:
        """SIGKILL, as a crash would be; returns when the service is gone."""
        self._stopping = True
        self._started.wait()
        self._sweep()
        self.ended.wait()
        self._let_go()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the service and all that it started."""
        self._started.wait()
        if self.pid:
            os.killpg(self.pid, number)

    def _let_go(self) -> None:
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def _sweep(self) -> None:
        if self.pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def _read(self) -> None:
        """Passes the output on line by line until the guard has ended."""
        assert self._guard.stdout is not None  # noqa: S101 - opened as a pipe above
        with self._guard.stdout as output:
            first = output.readline().decode(errors="replace")
            if first.strip().isdecimal():
                self.pid = int(first)
            else:
                self._tell(first)
            self._started.set()
            for raw in output:
                self._tell(raw.decode(errors="replace"))
        # Nothing is left, unless somebody killed the guard.
        self._sweep()
        self._guard.wait()
        self.ended.set()
        self._on_end()

    def _tell(self, line: str) -> None:
        line = line.rstrip("\r\n")
        self.lines.append(line)
        self._write(self.service.name, line)
