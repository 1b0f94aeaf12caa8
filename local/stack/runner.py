"""Starts services in order, waits until they answer, and stops them in reverse order."""

import signal
import threading
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from local.stack.faults import ServiceEnded, ServiceSilent
from local.stack.ports import require_free
from local.stack.process import ServiceProcess, Write
from local.stack.service import Service

LAST_LINES = 15
PAUSE_SECONDS = 0.03
# Not for ever: a signal that arrives just before the wait begins does not end it, and is handled only after it.
IDLE_SECONDS = 0.25


def unheard(name: str, line: str) -> None:
    """Drops a line; the last 200 of each service are kept anyway."""


class Runner:
    """The services of one stack. Not for use from several threads at once.

    Entering starts all of them, leaving stops them. A service that ends without having been asked to is a fault: `wait`
    raises it at once, and leaving raises it if nothing else went wrong before.
    """

    def __init__(self, services: Sequence[Service], *, write: Write = unheard, patience: float = 60.0) -> None:
        self._services = {service.name: service for service in services}
        self._write = write
        self._patience = patience
        self._running: dict[str, ServiceProcess] = {}
        self._something_ended = threading.Event()

    def __enter__(self) -> Self:
        try:
            self.start_all()
        except BaseException:
            self.stop_all()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended = self._ended_unasked()
        self.stop_all()
        if ended is None or isinstance(error, ServiceEnded):
            return
        if error is None:
            raise ended
        error.add_note(str(ended))

    def start_all(self) -> None:
        """Starts every service as soon as those before it answer, and returns when all of them do.

        Raises PortsUnusable before anything is started, ServiceEnded, ServiceSilent.
        """
        require_free(self._services.values())
        waiting, answering = dict(self._services), set[str]()
        deadline = time.monotonic() + self._patience
        while len(answering) < len(self._services):
            for name, service in list(waiting.items()):
                if service.after & self._services.keys() <= answering:
                    if service.command:
                        self._launch(service)
                    del waiting[name]
                    deadline = time.monotonic() + self._patience
            started = self._services.keys() - waiting.keys() - answering
            answering |= {name for name in started if self._services[name].missing() is None}
            if started - answering:
                self._pause(started - answering, deadline)

    def start(self, name: str) -> None:
        """Starts one service again after `stop` or `kill`, and returns when it answers."""
        service = self._services[name]
        require_free([service])
        self._launch(service)
        deadline = time.monotonic() + self._patience
        while service.missing() is not None:
            self._pause({name}, deadline)

    def stop(self, name: str) -> None:
        """Asks one service to end and returns when it is gone."""
        self._running.pop(name).stop()

    def kill(self, name: str) -> None:
        """Ends one service with SIGKILL, as a crash would, and returns when it is gone."""
        self._running.pop(name).kill()

    def pause(self, name: str) -> None:
        """One service hangs from now on: it takes connections and answers nothing, until `resume`."""
        self._running[name].send(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """It goes on where it was."""
        self._running[name].send(signal.SIGCONT)

    def stop_all(self) -> None:
        """Stops what runs, last started first; returns when all of it is gone."""
        while self._running:
            _, process = self._running.popitem()
            process.stop()

    def wait(self) -> None:
        """Never returns: raises ServiceEnded when a service ends that nobody asked to."""
        while True:
            self._watch(IDLE_SECONDS)

    def run(self, program: Service) -> None:
        """Runs a program to its end beside the services. Raises ServiceEnded if it or any service fails meanwhile."""
        process = self._launch(program)
        while not process.ended.is_set():
            self._watch(IDLE_SECONDS)
        self._raise_if_ended()
        del self._running[program.name]

    def lines(self, name: str) -> list[str]:
        """The last 200 lines that a running service has printed."""
        return list(self._running[name].lines)

    def pids(self) -> dict[str, int]:
        """The process id of each service that runs and was started here; each also leads a process group."""
        return {
            name: process.pid for name, process in self._running.items() if process.pid and not process.ended.is_set()
        }

    def _launch(self, service: Service) -> ServiceProcess:
        process = ServiceProcess(service, write=self._write, on_end=self._something_ended.set)
        self._running[service.name] = process
        return process

    def _pause(self, silent: Iterable[str], deadline: float) -> None:
        """Waits a moment before the next look, shorter if something ends; raises what stands in the way."""
        self._watch(PAUSE_SECONDS)
        if time.monotonic() > deadline:
            name = min(silent)
            running = self._running.get(name)
            raise ServiceSilent(
                name=name,
                seconds=self._patience,
                missing=self._services[name].missing() or "it does now",
                last_lines=list(running.lines)[-LAST_LINES:] if running else [],
            )

    def _watch(self, seconds: float) -> None:
        """Waits so long at most, and raises ServiceEnded as soon as a service has ended unasked."""
        self._something_ended.wait(seconds)
        self._something_ended.clear()
        self._raise_if_ended()

    def _raise_if_ended(self) -> None:
        ended = self._ended_unasked()
        if ended is not None:
            raise ended

    def _ended_unasked(self) -> ServiceEnded | None:
        for name, process in self._running.items():
            if process.ended_by_itself:
                return ServiceEnded(name=name, code=process.code, last_lines=list(process.lines)[-LAST_LINES:])
        return None
