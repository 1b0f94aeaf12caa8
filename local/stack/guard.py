"""Runs one program for as long as somebody holds the other end of standard input, and ends it when nobody does.

    python guard.py STOP_SIGNAL GRACE_SECONDS PROGRAM [ARGUMENT ...]

Prints the program's process id, then the program's output; ends after the program, with its exit code (128 and the
number for a signal), and leaves nothing of it behind.

The runner keeps the writing end of a pipe open and writes nothing to it. Closing it means "stop", and the kernel closes
it however the runner ends, `kill -9` included, on Linux and macOS alike. So stopping a service and surviving the
runner's death are one and the same path. (PR_SET_PDEATHSIG is Linux only, and tied to a thread.)

Neither has the terminal, so that Ctrl-C reaches the runner alone and services end in the order that it chooses. The
output is passed on here and not inherited: a program that prints its farewell into a pipe which nobody reads any more
may die of that before it has saved its data.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def pass_output_on(program: subprocess.Popen[bytes]) -> None:
    """Copies the program's output to ours until it ends; once nobody reads ours, the rest is read and dropped."""
    assert program.stdout is not None  # noqa: S101 - opened as a pipe below
    reading = True
    while chunk := os.read(program.stdout.fileno(), 65_536):
        while reading and chunk:
            try:
                chunk = chunk[os.write(1, chunk) :]
            except OSError:
                reading = False


def kill_all(program: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the program and whatever it started; none of it can refuse."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(program.pid, signal.SIGKILL)


def main() -> None:
    stop_signal, grace = signal.Signals(int(sys.argv[1])), float(sys.argv[2])
    # A shell makes what it starts in the background ignore SIGINT, and programs inherit that; some know no other end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        program = subprocess.Popen(
            sys.argv[3:],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    except OSError as fault:
        sys.exit(f"cannot start: {fault}")
    with suppress(OSError):
        os.write(1, f"{program.pid}\n".encode())
    ended = threading.Event()

    def stop_when_alone() -> None:
        while os.read(0, 4096):
            pass
        program.send_signal(stop_signal)
        if not ended.wait(grace):
            kill_all(program)

    threading.Thread(target=stop_when_alone, daemon=True).start()
    relay = threading.Thread(target=pass_output_on, args=(program,), daemon=True)
    relay.start()
    code = program.wait()
    ended.set()
    kill_all(program)
    # Only what has left the program's group could still hold its output open; that is not waited for.
    relay.join(timeout=1)
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
