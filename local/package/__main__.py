"""`python -m local.package`: builds the package that is deployed, lists it, and refuses one that is too large."""

import argparse
import sys
import time
from pathlib import Path

from local.package.build import build
from local.package.faults import PackageFaulty
from local.package.manifest import manifest

PROJECT = Path(__file__).parents[2]


def main() -> int:
    """The exit code: 0 when the package is there, 1 when it must not be deployed; then standard error says why."""
    parser = argparse.ArgumentParser(prog="python -m local.package", description="Builds the package that is deployed.")
    default = PROJECT / ".local" / "package"
    parser.add_argument("--output", type=Path, default=default, help="the folder for connector.zip and content/")
    output = parser.parse_args().output.absolute()
    started = time.monotonic()
    try:
        built = build(project=PROJECT, output=output)
    except PackageFaulty as fault:
        print(f"no package: {fault}", file=sys.stderr)
        return 1
    for line in manifest(built):
        print(line)
    print(f"{built.archive} in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
