"""What is in a package, for people: folders, the largest libraries, sizes."""

import zipfile
from collections import Counter
from collections.abc import Iterator

from local.package.build import LIBRARIES, Built
from local.package.libraries import installed_in

_LARGEST = 8


def manifest(built: Built) -> Iterator[str]:
    """Lines of text: sizes in MB of 1,000,000 bytes, first as unpacked, then in the zip file."""
    with zipfile.ZipFile(built.archive) as archive:
        entries = archive.infolist()
    files: Counter[str] = Counter()
    unpacked: Counter[str] = Counter()
    zipped: Counter[str] = Counter()
    for entry in entries:
        for group in _groups(entry.filename):
            files[group] += 1
            unpacked[group] += entry.file_size
            zipped[group] += entry.compress_size
    yield f"{'':36}{'files':>7}{'MB':>9}{'zipped':>9}"
    own = sorted(group for group in files if not group.startswith((LIBRARIES, "bytecode")))
    largest = sorted((group for group in files if group.startswith(f"{LIBRARIES}/")), key=lambda group: -zipped[group])
    for group in (*own, LIBRARIES, *largest[:_LARGEST], "bytecode, in all of these"):
        name = f"  {group.removeprefix(LIBRARIES + '/')}" if group in largest else group
        yield f"{name:36}{files[group]:7,}{unpacked[group] / 1e6:9.2f}{zipped[group] / 1e6:9.2f}"
    size = built.archive.stat().st_size / 1e6
    yield f"{len(installed_in(built.content / LIBRARIES))} libraries, {len(entries):,} files, {size:.1f} MB"
    yield f"SHA-256 {built.digest}"


def _groups(path: str) -> Iterator[str]:
    if path.startswith(LIBRARIES):
        yield LIBRARIES
        yield f"{LIBRARIES}/{path.removeprefix(LIBRARIES + '/').partition('/')[0]}"
    else:
        yield f"{path.partition('/')[0]}/" if "/" in path else path
    if path.endswith(".pyc"):
        yield "bytecode, in all of these"
