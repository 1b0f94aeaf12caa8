"""Puts the package together, from the project's files to the zip file."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.package.archive import write_archive
from local.package.bytecode import compile_all
from local.package.faults import PackageFaulty
from local.package.libraries import libraries
from local.package.own_files import IGNORE_FILE, own_files

BUILD_FILE = "build.txt"
"""Names the package: `/health` says what stands in it, so that whoever deploys sees which release answers."""
LIBRARIES = ".python_packages/lib/site-packages"
"""Where the platform's worker looks for an app's libraries."""
MOST_BYTES = 60_000_000
"""A larger package takes longer to reach a new instance than anything that was gained by what made it larger."""
_KEEPS_BYTECODE = "# Read by azd, which without this file would leave every __pycache__ out of what it deploys.\n"


@dataclass(frozen=True, kw_only=True)
class Built:
    """A package: the folder with its content, the paths in it, and the zip file."""

    content: Path
    paths: tuple[str, ...]
    archive: Path

    @property
    def digest(self) -> str:
        """SHA-256 of the zip file in hex: the same input gives the same."""
        return hashlib.sha256(self.archive.read_bytes()).hexdigest()


def build(*, project: Path, output: Path, most_bytes: int = MOST_BYTES) -> Built:
    """Builds `output/content` and `output/connector.zip`, both replaced. Raises PackageFaulty."""
    own = own_files(project)
    installed = libraries(requirements=project / "requirements.txt", kept_in=output / "libraries")
    content = output / "content"
    shutil.rmtree(content, ignore_errors=True)
    shutil.copytree(installed, content / LIBRARIES)
    for path in own:
        (content / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project / path, content / path)
    (content / BUILD_FILE).write_text(_build_id(content), encoding="utf-8")
    compile_all(content)
    paths = tuple(sorted(file.relative_to(content).as_posix() for file in content.rglob("*") if file.is_file()))
    archive = output / "connector.zip"
    write_archive(content=content, paths=paths, archive=archive)
    (content / IGNORE_FILE).write_text(_KEEPS_BYTECODE, encoding="utf-8")
    if (size := archive.stat().st_size) > most_bytes:
        raise PackageFaulty(f"{archive} has {size:,} bytes, more than {most_bytes:,}: see what made it larger")
    return Built(content=content, paths=paths, archive=archive)


def _build_id(content: Path) -> str:
    """Twelve hex digits of what the package is made from: the same files have the same, any other file another."""
    whole = hashlib.sha256()
    for file in sorted(file for file in content.rglob("*") if file.is_file()):
        whole.update(
            f"{file.relative_to(content).as_posix()} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode()
        )
    return whole.hexdigest()[:12]
