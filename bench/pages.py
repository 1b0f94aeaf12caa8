"""The pages: how soon each first one and a search are there, and whether any becomes dearer with what is stored.

`python -m bench pages` measures them on the whole stack at the size that is promised, and in processor time and storage
operations at ten times that. `python -m bench.pages` stores ten times that on a second stack as well, which takes a
quarter of an hour and 12 GB, and measures the two in turn.
"""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.figure import Figure
from bench.growth.town import other_side
from bench.pages_growth import grown
from bench.pages_past import new_making
from bench.pages_stack import on_the_stack

SESSIONS: Final = 10_000
QUICK_SESSIONS: Final = 1_000
_TEN_TIMES: Final = 10 * SESSIONS


def pages(*, quick: bool) -> list[Figure]:
    """Milliseconds and storage operations of a page on the whole stack; processor time there and at ten times that."""
    if quick:
        return asyncio.run(_pages((QUICK_SESSIONS,), growth=(QUICK_SESSIONS, SESSIONS), rounds=2, sample=3))
    return asyncio.run(_pages((SESSIONS,), growth=(SESSIONS, _TEN_TIMES), rounds=9, sample=15))


async def _pages(sizes: Sequence[int], *, growth: tuple[int, int] | None, rounds: int, sample: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as certificates, tempfile.TemporaryDirectory() as state:
        async with other_side(Path(certificates)) as sandbox:
            # Pages tell of the last hours by the machine's own clock.
            making = await new_making(sandbox, now=datetime.now(UTC).replace(second=0, microsecond=0))
            return [
                *await on_the_stack(making, sizes=sizes, sample=sample, state=Path(state)),
                *(await grown(making, sizes=growth, rounds=rounds) if growth else ()),
            ]


if __name__ == "__main__":
    # What Node takes by itself ends at 4 GB, and so does Azurite with it.
    os.environ.setdefault("NODE_OPTIONS", "--max-old-space-size=12000")
    for figure in asyncio.run(_pages((SESSIONS, _TEN_TIMES), growth=None, rounds=0, sample=15)):
        floor = "" if figure.floor is None else f" {figure.floor:>10,.2f}"
        print(f"{figure.name:<75} {figure.value:>10,.2f} {figure.unit:<10}{floor} {figure.wanted}")
