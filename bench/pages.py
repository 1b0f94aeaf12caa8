"""The pages: how soon the first one and a search are there, and whether either becomes dearer with what is stored."""

import asyncio
import tempfile
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


def pages(*, quick: bool) -> list[Figure]:
    """Milliseconds and storage operations of a page on the whole stack; processor time there and at ten times that."""
    return asyncio.run(_pages(QUICK_SESSIONS, rounds=2, sample=3) if quick else _pages(SESSIONS, rounds=9, sample=7))


async def _pages(sessions: int, *, rounds: int, sample: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as certificates, tempfile.TemporaryDirectory() as state:
        async with other_side(Path(certificates)) as sandbox:
            # Pages tell of the last hours by the machine's own clock.
            making = await new_making(sandbox, now=datetime.now(UTC).replace(second=0, microsecond=0))
            return [
                *await on_the_stack(making, sessions=sessions, sample=sample, state=Path(state)),
                *await grown(making, sizes=(sessions, 10 * sessions), rounds=rounds),
            ]
