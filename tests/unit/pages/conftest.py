"""The world of the pages: nobody serves a broker, so that none need be waited for."""

import pytest

from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.sessions.world import World


@pytest.fixture
def dead_letters() -> DeadLettersInMemory:
    """The queue of contract events that were given up, empty."""
    return DeadLettersInMemory()


@pytest.fixture
def town(town: World, dead_letters: DeadLettersInMemory) -> World:
    """The same world with that queue."""
    town.wiring.dead_letters = dead_letters
    return town
