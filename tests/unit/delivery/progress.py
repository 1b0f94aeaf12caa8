"""How far a line has come."""

from typing import Any

from shared.delivery import DeliveryState
from tests.unit.sessions.world import World


async def delivered(connected: World) -> None:
    """Fails unless the line has arrived, once."""
    [delivery] = (await connected.story()).deliveries
    assert (delivery.state, delivery.due_at, delivery.last_error) == (DeliveryState.DELIVERED, None, None)
    assert delivery.delivered_at == connected.clock.now()
    assert len(await connected.arrived()) == 1


async def delivery_of(connected: World) -> Any:
    """The one delivery of the session."""
    [delivery] = (await connected.story()).deliveries
    return delivery


async def later(connected: World, **by: float) -> None:
    """Time passes, and what is due then is done."""
    connected.clock.move(**by)
    await connected.wiring.due_work.run()
