"""The zip file, the same for the same content: neither times nor the order on a disk are in it."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

# The first that a zip file can say.
_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE_FILE = 0o100644 << 16
_UNIX = 3


def write_archive(*, content: Path, paths: Iterable[str], archive: Path) -> None:
    """Puts the files at `paths`, relative to `content`, into `archive`, which is replaced."""
    with zipfile.ZipFile(archive, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=9) as written:
        for path in sorted(paths):
            entry = zipfile.ZipInfo(path, date_time=_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _READABLE_FILE
            entry.create_system = _UNIX
            written.writestr(entry, (content / path).read_bytes())
