"""Deliveries by their state: the newest of all partitions, whichever way they are asked for."""

import pytest

from shared.delivery import DeliveryState
from tests.unit.sessions.platform_messages import stop_message
from tests.unit.sessions.world import World


@pytest.mark.parametrize("at_most", [1, 3, 8, 9, 50])
async def test_the_newest_of_each_state_come_first(town: World, at_most: int) -> None:
    for number in range(9):
        await town.settled(stop_message(transactionId=f"S-{number}", chargerId=f"C-{number}"))
        town.clock.move(minutes=1)
    home, index = (await town.operator()).home, town.wiring.delivery_index
    newest = await index.newest(home=home, at_most=at_most)
    assert newest.keys() == set(DeliveryState)
    assert {state: len(created) for state, created in newest.items() if created} == {
        DeliveryState.PENDING: min(9, at_most)
    }
    for state, created in newest.items():
        assert created == await index.created(home=home, state=state, since=None, at_most=at_most)
        assert created == sorted(created, reverse=True)
