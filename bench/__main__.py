"""The benchmarks: what the system does on this machine, beside what the machine can do at best.

Prints a table and writes `bench/results.json`; docs/performance.md says how to read them.
"""

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from bench.figure import Figure

RESULTS = Path(__file__).with_name("results.json")
PARTS = ("pricing", "operations", "growth", "pages", "start", "pipeline")
# What is measured at a size that takes minutes has no quick form worth having.
QUICK_PARTS = tuple(part for part in PARTS if part != "pages")
_VERSIONS = (
    "azure-data-tables",
    "azure-functions",
    "azure-functions-runtime",
    "azure-servicebus",
    "aiohttp",
    "pydantic",
)


def main() -> int:
    """Runs everything; a figure whose work did not arrive as it should is an error, not a figure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer of everything, in under a minute")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="only these (they are then all in the results)")
    arguments = parser.parse_args()
    figures: list[Figure] = []
    documents: list[dict[str, object]] = []
    for part in arguments.parts or (QUICK_PARTS if arguments.quick else PARTS):
        print(f"bench: {part}", file=sys.stderr, flush=True)
        measured = _measure(part)(arguments.quick)
        figures += measured
        documents += [{"part": part, **figure.as_document()} for figure in measured]
        _print(measured)
    machine = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        **{name: version(name) for name in _VERSIONS},
    }
    document = {"machine": machine, "quick": arguments.quick, "figures": documents}
    RESULTS.write_text(json.dumps(document, indent=2) + "\n")
    missed = [figure.name for figure in figures if not figure.is_reached]
    print(f"\n{len(missed)} figures are not what they should be" + "".join(f"\n  {name}" for name in missed))
    return 0


def _measure(part: str) -> Callable[[bool], Sequence[Figure]]:
    """How a part is measured: whether quickly, to its figures. A part that is not asked for is not imported."""
    match part:
        case "pricing":
            from bench.pricing import pricing

            return lambda quick: pricing(sessions=200 if quick else 2_000)
        case "operations":
            from bench.operations import operations

            return lambda _: operations()
        case "growth":
            from bench.growth import growth

            return lambda quick: growth(quick=quick)
        case "pages":
            from bench.pages import pages

            return lambda quick: pages(quick=quick)
        case "start":
            from bench.start import start

            return lambda quick: start(quick=quick)
        case _:
            from bench.pipeline import FULL, QUICK, pipeline

            return lambda quick: pipeline(QUICK if quick else FULL)


def _print(figures: Sequence[Figure]) -> None:
    for figure in figures:
        beside = "" if figure.floor is None else f"{figure.floor:>12,.2f} {figure.ratio:>7.2f}"
        missed = "" if figure.is_reached else "  NOT REACHED"
        wanted = f"  {figure.wanted}{missed}" if figure.wanted else ""
        print(f"{figure.name:<58} {figure.value:>12,.2f} {figure.unit:<14} {beside:<20} n={figure.sample}{wanted}")


def _processor() -> str:
    """The processor's name and how many cores there are."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()


if __name__ == "__main__":
    sys.exit(main())
