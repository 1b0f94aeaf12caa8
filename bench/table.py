"""`python -m bench.table`: the figures of `bench/results.json` as the table of docs/performance.md."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.json")
_COUNTED = "operations"  # what is counted, not timed, is in docs/capacity.md


def main() -> int:
    """Prints the machine and the table."""
    document = json.loads(RESULTS.read_text())
    print(", ".join(f"{name} {value}" for name, value in document["machine"].items()))
    print()
    for line in lines(document):
        print(line)
    return 0


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The table in Markdown."""
    yield "| figure | value | floor | ratio | n | should be |"
    yield "|---|---:|---:|---:|---:|---|"
    for figure in document["figures"]:
        if figure["part"] == _COUNTED:
            continue
        floor = "" if figure["floor"] is None else _shown(figure["floor"])
        ratio = "" if figure["ratio"] is None else f"{figure['ratio']:.2f}"
        wanted = figure.get("wanted", "") + ("" if figure.get("reached", True) else ": **not reached**")
        value = f"{_shown(figure['value'])} {figure['unit']}"
        yield f"| {figure['figure']} | {value} | {floor} | {ratio} | {figure['sample']:,} | {wanted} |"


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"


if __name__ == "__main__":
    sys.exit(main())
