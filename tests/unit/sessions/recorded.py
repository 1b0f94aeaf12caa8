"""Recorded sessions to try tariffs on, and the tariffs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.billing import CostedLine
from shared.operators import Scope
from shared.sessions import Simulated, Stories
from tests.unit.sessions.platform_messages import (
    ENDED,
    GLN,
    STARTED,
    readings_message,
    start_message,
    stop_message,
    utc,
)
from tests.unit.sessions.world import World

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
FROM_18 = {"start_time": "18:00", "end_time": "20:15"}


def component(kind: str, price: float, **more: Any) -> dict[str, Any]:
    """A price with 25 % VAT."""
    return {"type": kind, "price": price, "vat": 25, "step_size": 1, **more}


def evening_tariff(tariff_id: str, **more: Any) -> dict[str, Any]:
    """One price in the evening, another before and after, so much for an hour, something at first, and a maximum."""
    elements = [
        {"price_components": [component("ENERGY", 4.5)], "restrictions": FROM_18},
        {"price_components": [component("ENERGY", 2.1), component("TIME", 1.7), component("FLAT", 5)]},
        {"price_components": [component("PARKING_TIME", 6.3)], "restrictions": {"min_duration": 3600}},
    ]
    return {"id": tariff_id, "currency": "NOK", "elements": elements, "max_price": {"excl_vat": 60}, **more}


def spot_tariff(tariff_id: str) -> dict[str, Any]:
    """What the market says in NO1, and a margin."""
    energy = component("ENERGY_SPOT", 0, margin=0.1, biddingZone="NO1")
    return {"id": tariff_id, "currency": "NOK", "elements": [{"price_components": [energy]}]}


async def put_tariff_document(town: World, document: dict[str, Any]) -> None:
    """The operator puts a tariff."""
    path = {"tariffId": document["id"]}
    reply = await town.call("put_tariff", scope=Scope.OPERATOR_ADMIN, path=path, body=document)
    assert reply.status in {200, 201}, reply.body


async def put_spot_day(town: World, date: str) -> None:
    """The operator puts a day of NO1, hour by hour."""
    prices = [round(0.5 + 0.1 * hour, 2) for hour in range(24)]
    document = {"currency": "NOK", "resolutionMinutes": 60, "prices": prices}
    path = {"biddingZone": "NO1", "date": date}
    reply = await town.call("put_spot_prices", scope=Scope.OPERATOR_ADMIN, path=path, body=document)
    assert reply.status in {200, 201}, reply.body


async def recorded_session(
    town: World, number: int, *, minutes: int = 0, days: int = 0, gln: str = GLN, measured: bool = True, **more: Any
) -> str:
    """A session with a start and readings that becomes a line; the meter stands for a while in the middle."""
    session_id = str(number)
    shift = timedelta(minutes=minutes, days=days)
    start, end = utc(STARTED + shift), utc(ENDED + shift)
    await town.say(start_message(transactionId=session_id, deviceTimeStamp=start), gln=gln)
    if measured:
        seen = [(20, 185_700), (80, 191_700), (100, 191_700), (140, 195_200)]
        readings = [(STARTED + shift + timedelta(minutes=at), register) for at, register in seen]
        await town.say(readings_message(*readings, session_id=session_id), gln=gln)
    stop = stop_message(transactionId=session_id, deviceTimeStampStart=start, deviceTimeStampEnd=end, **more)
    await town.settled(stop, gln=gln)
    return session_id


async def simulated(
    town: World,
    tariff_id: str,
    *,
    gln: str = GLN,
    at: datetime | None = None,
    since: datetime = FIRST,
    until: datetime = LAST,
    limit: int = 1000,
    continuation: str | None = None,
) -> Simulated:
    """All sessions of January, or some of them."""
    operator = await town.wiring.directory.operator(gln)
    assert operator is not None
    return await town.wiring.simulation.of_period(
        operator=operator,
        tariff_id=tariff_id,
        at=at or town.clock.now(),
        since=since,
        until=until,
        limit=limit,
        continuation=continuation,
    )


async def simulated_one(town: World, tariff_id: str, transaction_id: str, *, gln: str = GLN) -> Simulated:
    """The session of one line."""
    operator = await town.wiring.directory.operator(gln)
    assert operator is not None
    return await town.wiring.simulation.of_transaction(
        operator=operator, tariff_id=tariff_id, at=town.clock.now(), transaction_id=transaction_id
    )


async def costed_line(town: World, session_id: str) -> CostedLine:
    """The only line of a session."""
    [line] = (await town.story(session_id)).lines
    assert isinstance(line, CostedLine)
    return line


class HeldStories:
    """Stories whose list does not come before `go_on`; everything else is theirs."""

    def __init__(self, stories: Stories) -> None:
        self._stories = stories
        self.is_asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def settled(self, **asked: Any) -> tuple[list[str], str | None]:
        """See `Stories.settled`."""
        self.is_asked.set()
        await self.go_on.wait()
        return await self._stories.settled(**asked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stories, name)


@asynccontextmanager
async def running_simulation(town: World, tariff_id: str) -> AsyncIterator[None]:
    """One is under way meanwhile, and comes to its end. What waits for that fails after ten seconds."""
    held = HeldStories(town.wiring.simulation.stories)
    town.wiring.simulation = replace(town.wiring.simulation, stories=held)
    first = asyncio.create_task(simulated(town, tariff_id))
    await held.is_asked.wait()
    try:
        async with asyncio.timeout(10):
            yield
    finally:
        held.go_on.set()
        assert (await first).items


def ids_of(found: Simulated) -> list[str]:
    """In their order."""
    return [item.transaction_id for item in found.items]
