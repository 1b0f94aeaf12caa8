"""`python -m tests.previous_release`: records what the code of this checkout writes, as the release before the next."""

import asyncio
import sys

from tests.previous_release.recorded import FOLDER
from tests.previous_release.recording import record


def main() -> int:
    """The exit code."""
    recorded = asyncio.run(record())
    recorded.write()
    for name, entities in recorded.tables.items():
        sys.stdout.write(f"{len(entities)} rows of {name}\n")
    sys.stdout.write(f"written to {FOLDER}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
