"""A session that follows the market waits for its prices, says for which, and settles by itself when they are put."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.billing import CostedLine
from shared.operators import Scope
from shared.sessions import HeldFor, SessionStatus
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN, readings_message, stop_message, utc
from tests.unit.sessions.world import World

SESSION = "1032427936"
MIDNIGHT = datetime(2026, 1, 14, 23, tzinfo=UTC)  # the 15th begins in Oslo
REGISTER = 184_200


def _at(text: str, *, day: int = 15) -> datetime:
    return datetime(2026, 1, day, int(text[:2]), int(text[3:]), tzinfo=UTC)


async def _spot_tariff(town: World, kind: str = "ENERGY_SPOT") -> None:
    component = {"type": kind, "biddingZone": "NO1", "margin": 0.25, "marginPercentage": 5, "vat": 25, "step_size": 1}
    tariff = {"id": "spot", "currency": "NOK", "elements": [{"price_components": [component]}]}
    reply = await town.call("put_tariff", scope=Scope.OPERATOR_ADMIN, path={"tariffId": "spot"}, body=tariff)
    assert reply.status == 201, reply.body
    await town.operator(default_tariff_id="spot")


async def _put(town: World, day: int, *, gln: str = GLN, currency: str = "NOK", usual: float = 1, **at: float) -> None:
    """A day of prices of `usual`, others where a quarter's start in UTC is named: `h1715=0.5`."""
    prices = [usual] * 96
    for name, price in at.items():
        start = _at(f"{name[1:3]}:{name[3:]}", day=day)
        prices[(start - MIDNIGHT).seconds // 900] = price
    reply = await town.call(
        "put_spot_prices",
        scope=Scope.OPERATOR_ADMIN,
        gln=gln,
        path={"biddingZone": "NO1", "date": f"2026-01-{day}"},
        body={"currency": currency, "resolutionMinutes": 15, "prices": prices},
    )
    assert reply.status in {200, 201}, reply.body
    await town.wiring.background.settle()


async def _stop(town: World, start: datetime, end: datetime, *registers: tuple[datetime, int]) -> None:
    """A session with these meter readings between its start and its end, 6 kWh in all; it is held."""
    if registers:
        await town.say(readings_message(*registers))
    message = stop_message(
        deviceTimeStampStart=utc(start),
        deviceTimeStampEnd=utc(end),
        consumptionWh=6000,
        meterReadStart=REGISTER,
        meterReadEnd=REGISTER + 6000,
    )
    reply = await town.say(message)
    document: dict[str, Any] = reply.document
    assert (document["status"], document["heldFor"]) == ("held", "missing-spot-price"), reply.body


async def _waits_for(town: World, quarter: str) -> None:
    session = await town.session()
    assert (session.status, session.held_for) == (SessionStatus.HELD, HeldFor.MISSING_SPOT_PRICE)
    assert f"NO1 for the quarter hour from {quarter}" in str(session.held_because)
    story = await town.story()
    assert (story.lines, story.deliveries) == ((), ())


async def _amounts(town: World) -> tuple[Decimal, Decimal, Decimal]:
    story = await town.story()
    assert story.session is not None
    assert story.session.value.status is SessionStatus.SETTLED, story.session.value.held_because
    [line] = story.lines
    assert isinstance(line, CostedLine)
    assert [request["session_id"] for request in town.asked.requests] == [SESSION]
    return line.total_excl_vat, line.total_vat, line.total_incl_vat


async def test_a_session_without_prices_waits_for_them_and_settles_with_the_true_amount(town: World) -> None:
    await _spot_tariff(town)
    readings = ((_at("17:15"), REGISTER + 2000), (_at("17:30"), REGISTER + 5000))
    await _stop(town, _at("17:00"), _at("17:45"), *readings)
    await _waits_for(town, "2026-01-15T17:00:00Z")
    await _put(town, 15, h1700=0.5, h1715=1, h1730=-0.2)
    # 2 kWh x (0.5 x 1.05 + 0.25) + 3 kWh x (1 x 1.05 + 0.25) + 1 kWh x (-0.2 x 1.05 + 0.25) = 1.55 + 3.90 + 0.04
    assert await _amounts(town) == (Decimal("5.49"), Decimal("1.37"), Decimal("6.86"))
    actions = [entry["action"] for entry in await town.log(referenceId=SESSION)]
    assert actions.count("session-settled") == 1


async def test_with_half_of_its_days_a_session_waits_for_the_first_quarter_that_is_missing(town: World) -> None:
    await _spot_tariff(town)
    await _stop(town, _at("22:30"), _at("00:30", day=16), (_at("23:00"), REGISTER + 2000))
    await _waits_for(town, "2026-01-15T22:30:00Z")
    await _put(town, 15, usual=1)
    await _waits_for(town, "2026-01-15T23:00:00Z")  # the 16th in Oslo
    await _put(town, 16, usual=2)
    # 2 kWh x 1.30 + 4 kWh x 2.35
    assert await _amounts(town) == (Decimal("12.00"), Decimal("3.00"), Decimal("15.00"))


async def test_with_the_other_half_it_waits_for_the_same_quarter_as_before(town: World) -> None:
    await _spot_tariff(town)
    await _stop(town, _at("22:30"), _at("00:30", day=16), (_at("23:00"), REGISTER + 2000))
    await _put(town, 16)
    await _waits_for(town, "2026-01-15T22:30:00Z")


async def test_a_locked_price_needs_no_more_than_the_day_of_the_start(town: World) -> None:
    await _spot_tariff(town, "ENERGY_SPOT_LOCKED")
    await _stop(town, _at("22:30"), _at("00:30", day=16))
    await _put(town, 15, usual=9, h2230=1)
    assert await _amounts(town) == (Decimal("7.80"), Decimal("1.95"), Decimal("9.75"))


async def test_prices_in_another_currency_are_none(town: World) -> None:
    await _spot_tariff(town)
    await _stop(town, _at("17:00"), _at("17:45"))
    await _put(town, 15, currency="EUR")
    session = await town.session()
    assert (session.status, session.held_for) == (SessionStatus.HELD, HeldFor.MISSING_SPOT_PRICE)
    assert "is in EUR, not in NOK" in str(session.held_because)
    await _put(town, 15)
    assert await _amounts(town) == (Decimal("7.80"), Decimal("1.95"), Decimal("9.75"))


async def test_another_operators_prices_are_none(town: World) -> None:
    await town.operator(OTHER_GLN)
    await _spot_tariff(town)
    await _stop(town, _at("17:00"), _at("17:45"))
    await _put(town, 15, gln=OTHER_GLN)
    town.clock.move(minutes=2)
    await town.wiring.due_work.run()
    await _waits_for(town, "2026-01-15T17:00:00Z")


async def test_prices_put_through_another_instance_settle_it_when_it_is_tried_again(town: World) -> None:
    await _spot_tariff(town)
    await _stop(town, _at("17:00"), _at("17:45"))
    elsewhere = town.wiring.configuration_changed

    async def not_here(gln: str) -> None:
        assert gln == GLN

    town.wiring.configuration_changed = not_here  # type: ignore[method-assign]  # the other instance's, not ours
    await _put(town, 15)
    town.wiring.configuration_changed = elsewhere  # type: ignore[method-assign]  # as above
    await _waits_for(town, "2026-01-15T17:00:00Z")
    town.clock.move(minutes=2)
    await town.wiring.due_work.run()
    assert await _amounts(town) == (Decimal("7.80"), Decimal("1.95"), Decimal("9.75"))


async def test_a_day_that_is_put_again_changes_no_line(town: World) -> None:
    await _spot_tariff(town)
    await _stop(town, _at("17:00"), _at("17:45"))
    await _put(town, 15)
    before = await town.story()
    await _put(town, 15, usual=5)
    assert await town.story() == before
