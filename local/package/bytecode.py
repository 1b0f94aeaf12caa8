"""Bytecode beside every module: a package is read-only on Azure, and each cold start would compile what it imports."""

import os
import subprocess
import sys
from pathlib import Path

from local.package.faults import PackageFaulty
from local.package.libraries import PYTHON

# Where Azure puts a package: tracebacks name the files as they are there.
ON_AZURE = "/home/site/wwwroot"


def compile_all(content: Path) -> None:
    """Compiles every module below `content`. Raises PackageFaulty for one that cannot be, and for another Python.

    `unchecked-hash`: Python believes the bytecode without looking at the source, whose time a package does not keep.
    """
    if sys.version_info[:2] != PYTHON:
        raise PackageFaulty(
            f"this is Python {sys.version_info.major}.{sys.version_info.minor}, whose bytecode is of no use to "
            f"Python {'.'.join(map(str, PYTHON))} on Azure: use .venv/bin/python"
        )
    command = [
        *(sys.executable, "-m", "compileall", "-q", "-j", "1", "--invalidation-mode", "unchecked-hash"),
        *("-s", str(content), "-p", ON_AZURE, str(content)),
    ]
    # The same seed each time: sets of constants are written in the order of their hashes.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PackageFaulty(f"what cannot be compiled must not be deployed:\n{done.stdout}{done.stderr}")
