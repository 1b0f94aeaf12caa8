"""Crediting and correcting lines, and what then stands."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from shared.billing import CostedLine, Line
from shared.delivery import Delivery, DeliveryState
from shared.operators import Scope
from tests.unit.sessions.platform_messages import GLN
from tests.unit.sessions.world import World
from tests.unit.sessions.world_parts import Reply

ID = "1032427936"
C1, R1, C2, R2 = f"{ID}-C1", f"{ID}-R1", f"{ID}-C2", f"{ID}-R2"
OPEN = {DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.RETRYING, DeliveryState.BLOCKED}


async def credit(town: World, transaction_id: str = ID, *, reason: str = "charged twice", gln: str = GLN) -> Reply:
    """A person takes a line back."""
    return await town.call(
        "credit_transaction",
        scope=Scope.OPERATOR_ADMIN,
        gln=gln,
        path={"transactionId": transaction_id},
        body={"reason": reason},
    )


async def correct(
    town: World,
    transaction_id: str = ID,
    *,
    reason: str = "the meter was wrong",
    preview: bool = False,
    gln: str = GLN,
    **changes: Any,
) -> Reply:
    """A person corrects a line, or looks at what that would come to."""
    return await town.call(
        "correct_transaction",
        scope=Scope.OPERATOR_ADMIN,
        gln=gln,
        path={"transactionId": transaction_id},
        query={"preview": "true"} if preview else {},
        body={"reason": reason, **changes},
    )


async def credited(town: World, transaction_id: str = ID) -> str | None:
    """The same, and it works: the id of the credit."""
    reply = await credit(town, transaction_id)
    assert reply.status == 201, reply.body
    found: str | None = reply.document["creditTransactionId"]
    return found


async def corrected(town: World, transaction_id: str = ID, *, gln: str = GLN, **changes: Any) -> tuple[str | None, str]:
    """The same, and it works: the ids of the credit and of the new line."""
    reply = await correct(town, transaction_id, gln=gln, **changes)
    assert reply.status == 201, reply.body
    return reply.document["creditTransactionId"], reply.document["transactionId"]


async def lines_of(town: World, session_id: str = ID, *, gln: str = GLN) -> dict[str, Line]:
    """All lines of a session by their ids."""
    return {line.transaction_id: line for line in (await town.story(session_id, gln=gln)).lines}


async def costed(town: World, transaction_id: str) -> CostedLine:
    """One line with amounts."""
    line = (await lines_of(town))[transaction_id]
    assert isinstance(line, CostedLine)
    return line


async def deliveries_of(town: World, session_id: str = ID, *, gln: str = GLN) -> dict[str, Delivery]:
    """All deliveries of a session by their ids."""
    return {each.transaction_id: each for each in (await town.story(session_id, gln=gln)).deliveries}


async def states_of(town: World, session_id: str = ID, *, gln: str = GLN) -> dict[str, str]:
    """How far each line of a session has come."""
    return {name: str(each.state) for name, each in (await deliveries_of(town, session_id, gln=gln)).items()}


async def standing_amount(town: World, session_id: str = ID) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """What the lines that count come to: excl., VAT, incl., kWh."""
    lines = [each for each in (await town.story(session_id)).standing_lines if isinstance(each, CostedLine)]
    return (
        sum((each.total_excl_vat for each in lines), Decimal(0)),
        sum((each.total_vat for each in lines), Decimal(0)),
        sum((each.total_incl_vat for each in lines), Decimal(0)),
        sum((each.consumption_kwh for each in lines), Decimal(0)),
    )


async def dust_settles(town: World, *, gln: str = GLN, rounds: int = 40) -> None:
    """Timers run and time goes on until nothing is on its way any more, or only what waits for a person."""
    for _ in range(rounds):
        await town.deliver_asked()
        await town.wiring.probing.run()
        await town.wiring.background.settle()
        await town.wiring.due_work.run()
        operator = await town.wiring.directory.operator(gln)
        assert operator is not None
        waiting = 0
        for state in OPEN:
            found, _ = await town.wiring.outbox.deliveries(
                home=operator.home, state=state, limit=1000, continuation=None
            )
            waiting += len(found)
        if not waiting:
            return
        town.clock.at += timedelta(minutes=40)
