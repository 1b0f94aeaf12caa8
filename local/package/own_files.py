"""The app's own files: what .funcignore leaves of the project, and nothing that is there by mistake."""

import os
from pathlib import Path

from pathspec import GitIgnoreSpec

from local.package.faults import PackageFaulty

IGNORE_FILE = ".funcignore"
# What the app is made of. Anything else below its folders was left there by somebody: a key, a dump, an editor's copy.
KINDS = frozenset({".py", ".html", ".css", ".js", ".svg"})
AT_THE_TOP = frozenset({"function_app.py", "host.json", "requirements.txt"})


def own_files(project: Path) -> tuple[str, ...]:
    """The paths, relative to `project`, sorted. Raises PackageFaulty for a file that the app is not made of."""
    ignored = GitIgnoreSpec.from_lines((project / IGNORE_FILE).read_text(encoding="utf-8").splitlines())
    found: list[str] = []
    for folder, folders, files in os.walk(project):
        below = Path(folder).relative_to(project)
        folders[:] = [name for name in folders if not ignored.match_file(f"{(below / name).as_posix()}/")]
        paths = ((below / name).as_posix() for name in files)
        found += [path for path in paths if not ignored.match_file(path)]
    foreign = sorted(path for path in found if not _is_of_the_app(project, path))
    if foreign:
        raise PackageFaulty(
            f"the app is not made of these: {', '.join(foreign)}. Remove them, or name them in {IGNORE_FILE}; "
            "a new kind of file that the app needs belongs into local/package/own_files.py"
        )
    missing = sorted(AT_THE_TOP - set(found))
    if missing:
        raise PackageFaulty(f"{', '.join(missing)} would not be deployed: look at {IGNORE_FILE}")
    return tuple(sorted(found))


def _is_of_the_app(project: Path, path: str) -> bool:
    if (project / path).is_symlink():
        return False
    return path in AT_THE_TOP if "/" not in path else Path(path).suffix in KINDS
