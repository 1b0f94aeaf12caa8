"""How far a line has come, and what makes it go on."""

import json
from typing import Any

from shared.delivery import DeliveryState
from shared.operators import Scope
from shared.wiring import CONFIGURATION, LEDGER, Wiring
from tests.unit.sessions.platform_messages import GLN
from tests.unit.sessions.world import World
from tests.unit.sessions.world_parts import Reply, world_settings


async def delivered(connected: World) -> None:
    """Fails unless the line has arrived, once."""
    [delivery] = (await connected.story()).deliveries
    assert (delivery.state, delivery.due_at, delivery.last_error) == (DeliveryState.DELIVERED, None, None)
    assert delivery.delivered_at == connected.clock.now()
    assert len(await connected.arrived()) == 1


async def delivery_of(connected: World, session_id: str = "1032427936", *, gln: str = GLN) -> Any:
    """The one delivery of the session."""
    [delivery] = (await connected.story(session_id, gln=gln)).deliveries
    return delivery


async def later(connected: World, **by: float) -> None:
    """Time passes, and what is due then is done."""
    connected.clock.move(**by)
    await connected.wiring.due_work.run()


async def probed(connected: World, **by: float) -> None:
    """Time passes, who is blocked is tried, and what that releases is worked off."""
    connected.clock.move(**by)
    await connected.wiring.probing.run()
    await connected.wiring.background.settle()


async def blocked(connected: World, *, gln: str = GLN) -> Any:
    """What a person sees of the operator's blockade; None if there is none."""
    reply = await connected.call("get_operator", scope=Scope.OPERATOR_ADMIN, gln=gln)
    assert reply.status == 200, reply.body
    return reply.document["blocked"]


async def retried(connected: World, transaction_id: str = "1032427936") -> Reply:
    """A person wants another try, and whatever that starts is over."""
    reply = await connected.call("retry_delivery", scope=Scope.OPERATOR_ADMIN, path={"transactionId": transaction_id})
    await connected.wiring.background.settle()
    return reply


async def configured(connected: World, *, gln: str = GLN, **changed: Any) -> Reply:
    """A person gets the operator's configuration and puts it again with changes; whatever that starts is over."""
    document = (await connected.call("get_operator", scope=Scope.OPERATOR_ADMIN, gln=gln)).document
    for name, value in changed.items():
        document[name] = {**document[name], **value} if isinstance(value, dict) else value
    body = json.dumps(document, default=str).encode()
    reply = await connected.call("put_operator", scope=Scope.OPERATOR_ADMIN, gln=gln, body=body)
    assert reply.status == 200, reply.body
    await connected.wiring.background.settle()
    return reply


def another_process(connected: World) -> Wiring:
    """A second instance over the same storage, with caches of its own."""
    other = Wiring(
        settings=world_settings(connected.sandbox),
        clock=connected.clock,
        tables={CONFIGURATION: connected.configuration, LEDGER: connected.ledger},
    )
    other.dispatch = connected.asked
    other.utility_cloud = connected.wiring.utility_cloud
    return other
