"""A world for each test."""

import pytest

from tests.unit.contracts.world import World


@pytest.fixture
async def world() -> World:
    """One operator, nothing stored, a clock that stands."""
    made = World()
    await made.set_up()
    made.rows.asked.clear()
    return made
