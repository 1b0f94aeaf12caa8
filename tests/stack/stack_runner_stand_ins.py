"""Tiny real programs in place of the stack's services, with which the runner can be tried to its limits."""

import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import psutil

from local.stack.service import Port, Service

PROGRAM = """
import os, signal, socket, subprocess, sys, threading, time
name, port, journal, *wishes = sys.argv[1:]

def note(what):
    with open(journal, "a") as file:
        file.write(f"{name} {what}\\n")

def wait_for(line):
    while line not in open(journal).read().splitlines():
        time.sleep(0.005)

def stop(number, frame):
    note(f"stopped by {signal.Signals(number).name}")
    if "says-goodbye" in wishes:
        print(("saving" * 20 + "\\n") * 2_000, flush=True)
        note("saved")
    sys.exit(0)

if "stubborn" in wishes:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
note("started")
print(f"hello from {name}", flush=True)
for wish in wishes:
    if wish.startswith("only-after="):
        wait_for(wish.partition("=")[2])
    if wish.startswith("exits="):
        print("the reason is here", file=sys.stderr, flush=True)
        sys.exit(int(wish.partition("=")[2]))
if "has-child" in wishes:
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"])
    note(f"child {child.pid}")
note(f"pid {os.getpid()}")
unwell = 2 if "unwell-twice" in wishes else 0
if "mute" in wishes:
    signal.pause()
server = socket.create_server(("127.0.0.1", int(port)))
note("listening")
while True:
    connection, _ = server.accept()
    with connection:
        connection.settimeout(1)
        try:
            asked = connection.recv(1000)
            if asked:
                status = "503 Unwell" if unwell else "200 OK"
                note(f"answered {status}")
                unwell = max(0, unwell - 1)
                connection.sendall(f"HTTP/1.1 {status}\\r\\nContent-Length: 0\\r\\n\\r\\n".encode())
        except OSError:
            pass
"""


class Journal:
    """What the stand-ins did, in order, one line each: `<name> <what>`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines()

    def has(self, line: str) -> bool:
        return line in self.lines()

    def number(self, name: str, what: str) -> int:
        """The number in the newest line `<name> <what> <number>`."""
        return int([line for line in self.lines() if line.startswith(f"{name} {what} ")][-1].rpartition(" ")[2])

    def pids(self) -> list[int]:
        """Every process that a stand-in has told of."""
        told = [line.split() for line in self.lines()]
        return [int(words[2]) for words in told if words[1] in {"pid", "child"}]


def stand_in(
    name: str,
    journal: Journal,
    *wishes: str,
    after: tuple[str, ...] = (),
    port: int | None = None,
    health: bool = False,
    grace: float = 30.0,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Service:
    """A service whose program listens on a free port and writes down what happens to it."""
    number = free_port() if port is None else port
    return Service(
        name=name,
        command=(sys.executable, "-I", "-S", "-c", PROGRAM, name, str(number), str(journal.path), *wishes),
        listens=(Port(variable=f"{name.upper()}_PORT", number=number),),
        health=f"http://127.0.0.1:{number}/health" if health else None,
        after=frozenset(after),
        grace=grace,
        stop_signal=stop_signal,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def until(condition: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Returns as soon as the condition holds; AssertionError when it does not in time."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come about in time"
        sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process is there and still runs; one that only waits to be collected does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
