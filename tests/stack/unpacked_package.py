"""The package as Azure has it: unpacked somewhere else, the platform's worker beside it, and nothing of the project.

The worker is Microsoft's library, in the local host; what these two need stands in a folder of its own, so that a
library that the package lacks is not found in the developer's environment.
"""

import os
import queue
import shutil
import subprocess
import sys
import threading
import zipfile
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

from local.package.build import LIBRARIES

PROJECT = Path(__file__).parents[2]
HOST_NEEDS = ("azure-functions-runtime", "croniter", "httptools", "uvicorn", "uvloop")
READY = "Functions host ready at "


def unpack(archive: Path, *, into: Path) -> Path:
    """The package's folder, in which nothing may be written any more."""
    folder = into / "wwwroot"
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


def platform_beside(package: Path) -> Path:
    """A folder with the local host and the libraries that it needs and the package does not have."""
    folder = package.with_name("platform")
    shutil.copytree(
        PROJECT / "local" / "functions_host",
        folder / "local" / "functions_host",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    own = {path.name for path in (package / LIBRARIES).iterdir()}
    for name in _closure(HOST_NEEDS):
        library = distribution(name)
        tops = {Path(str(file)).parts[0] for file in library.files or ()}
        for top in tops - own - {"..", "__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(Path(str(library.locate_file(top))))
    return folder


def _closure(names: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        needed = [Requirement(text) for text in distribution(name).requires or ()]
        waiting += [each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found


@contextmanager
def running_package(package: Path, platform: Path, *, settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Starts the package; gives its address and what the host printed until it was ready."""
    environment = {
        # The libraries go before the worker's, as on Azure.
        "PYTHONPATH": os.pathsep.join([str(package / LIBRARIES), str(platform)]),
        "PATH": os.environ["PATH"],
        **settings,
    }
    log = package.with_name("host.log")
    with log.open("w") as written:
        process = subprocess.Popen(
            # -S: nothing of the environment in which the tests run. -W error: as the tests run.
            [sys.executable, "-S", "-m", "local.functions_host", "--app", str(package), "--port", "0"],
            cwd=package.parent,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
        )
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=deque, args=(map(lines.put, process.stdout), 0))
    reader.start()
    try:
        output = ""
        while READY not in output:
            assert process.poll() is None, log.read_text()
            try:
                output += lines.get(timeout=0.2)
            except queue.Empty:
                continue
        yield output.rpartition(READY)[2].strip(), output
        process.terminate()
        assert process.wait(timeout=50) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdout.close()
