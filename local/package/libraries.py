"""The libraries of requirements.txt as they are installed on Azure: for Linux, whatever machine this is."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.package.faults import PackageFaulty

PYTHON = (3, 13)
# glibc 2.28 is older than that of every image on which the platform runs Python 3.13.
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux2014_x86_64")
_TARGET = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "os_name": "posix",
    "python_version": ".".join(map(str, PYTHON)),
    "python_full_version": ".".join((*map(str, PYTHON), "0")),
    "extra": "",
}
# Scripts carry this machine's path to Python, and a RECORD the digests of the scripts: the app uses neither.
_LEFT_OUT = ("bin", "*.dist-info/RECORD", "*.dist-info/REQUESTED")


def libraries(*, requirements: Path, kept_in: Path) -> Path:
    """A folder with the libraries, made once for each content of `requirements` and kept below `kept_in`.

    Only wheels are taken, for nothing can be compiled for another machine here. Raises PackageFaulty when pip cannot
    have one, and when the file leaves out what one of its libraries needs.
    """
    digest = hashlib.sha256(requirements.read_bytes() + repr((PYTHON, PLATFORMS)).encode()).hexdigest()[:16]
    folder = kept_in / digest
    if folder.exists():
        return folder
    shutil.rmtree(kept_in, ignore_errors=True)
    unfinished = kept_in / f"{digest}.unfinished"
    _install(requirements, unfinished)
    for pattern in _LEFT_OUT:
        for left_out in unfinished.glob(pattern):
            shutil.rmtree(left_out) if left_out.is_dir() else left_out.unlink()
    lacking = sorted(missing_from(unfinished))
    if lacking:
        raise PackageFaulty(f"{requirements.name} leaves out what its libraries need: {'; '.join(lacking)}")
    # Under its own name only when it is whole: who is interrupted finds no half of it the next time.
    return unfinished.rename(folder)


def missing_from(folder: Path) -> Iterator[str]:
    """What the libraries in a folder need and do not find there, in words."""
    installed = {canonicalize_name(each.name): each for each in installed_in(folder)}
    for library in installed.values():
        for text in library.requires or ():
            needed = Requirement(text)
            if needed.marker is not None and not needed.marker.evaluate(_TARGET):
                continue
            found = installed.get(canonicalize_name(needed.name))
            if found is None or not needed.specifier.contains(found.version, prereleases=True):
                yield f"{library.name} needs {needed}, there is {found.version if found else 'none'}"


def installed_in(folder: Path) -> list[Distribution]:
    """The libraries in a folder."""
    return list(distributions(path=[str(folder)]))


def _install(requirements: Path, folder: Path) -> None:
    platforms = [argument for platform in PLATFORMS for argument in ("--platform", platform)]
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--no-deps", "--no-compile", "--only-binary=:all:", "--implementation", "cp"),
        *("--python-version", ".".join(map(str, PYTHON)), *platforms),
        *("--target", str(folder), "--requirement", str(requirements)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PackageFaulty(f"pip cannot install {requirements.name} for Linux:\n{done.stderr.strip()[-2000:]}")
