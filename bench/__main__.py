"""The benchmarks: what the system does in a second on this machine. Prints a table and writes `bench/results.json`."""

import argparse
import json
import platform
import sys
import tempfile
from pathlib import Path

from bench.figure import Figure
from bench.pipeline import pipeline
from bench.pricing import pricing
from bench.pure import import_time

RESULTS = Path(__file__).with_name("results.json")


def main() -> int:
    """Runs everything; any figure whose work did not arrive as it should is an error, not a figure."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--quick", action="store_true", help="fewer of everything, in under a minute")
    size = 200 if parser.parse_args().quick else 2_000
    figures = [import_time(), *pricing(sessions=size)]
    with tempfile.TemporaryDirectory() as state:
        figures += pipeline(sessions=size, state=Path(state))
    _print(figures)
    machine = {"python": platform.python_version(), "system": platform.platform()}
    document = {"machine": machine, "figures": [figure.as_document() for figure in figures]}
    RESULTS.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def _print(figures: list[Figure]) -> None:
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        goal = "" if figure.goal is None else f"  goal: below {figure.goal:g}"
        print(f"{figure.name:<{width}}  {figure.value:>12,.2f} {figure.unit:<12} n={figure.sample}{goal}")


if __name__ == "__main__":
    sys.exit(main())
