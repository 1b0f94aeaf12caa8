"""What Bicep's own compiler says, where a developer has it: on PATH as `bicep`, or in `az`.

It cannot be had from a package index, so where it is not, there is no test here; this is not a skip that hides one. All
other files of this folder stand in for it, and run everywhere.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.project import INFRA


def _compilers() -> list[list[str]]:
    found = [["bicep"]] if shutil.which("bicep") else []
    azure_cli_has_it = Path(os.environ.get("AZURE_CONFIG_DIR", Path.home() / ".azure"), "bin", "bicep").exists()
    return found or ([["az", "bicep"]] if shutil.which("az") and azure_cli_has_it else [])


COMPILERS = _compilers()

if COMPILERS:

    @pytest.mark.parametrize("verb", ["build", "lint"])
    @pytest.mark.parametrize("compiler", COMPILERS, ids=" ".join)
    def test_the_compiler_has_nothing_to_say(compiler: list[str], verb: str) -> None:
        file = ["--file", "main.bicep"] if compiler[0] == "az" else ["main.bicep"]
        out = ["--stdout"] if verb == "build" else []
        done = subprocess.run(
            [*compiler, verb, *file, *out], cwd=INFRA, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert "Warning" not in done.stderr, done.stderr
