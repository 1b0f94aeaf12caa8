"""What needs no stack: the app's import."""

import json
import subprocess
import sys
from pathlib import Path

from bench.figure import Figure, percentile

ROOT = Path(__file__).parents[1]


def import_time(times: int = 5) -> Figure:
    """Importing the app in a fresh process with an empty environment, the interpreter's own start left out."""
    script = (
        "import time; started = time.perf_counter(); import function_app; "
        "import json; print(json.dumps(time.perf_counter() - started))"
    )
    seconds = [
        json.loads(subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, env={})) for _ in range(times)
    ]
    return Figure(name="import of the app, median", value=percentile(seconds, 0.5) * 1000, unit="ms", sample=times)
