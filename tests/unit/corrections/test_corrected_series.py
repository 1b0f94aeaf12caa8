"""In meter-value mode a correction sends the corrected series again, under the same TransactionId."""

from datetime import timedelta
from decimal import Decimal

import pytest

from shared.billing import MeteredLine
from shared.json_documents import parse_json
from shared.operators import Mode, Scope
from tests.unit.corrections.corrected import (
    ID,
    R1,
    R2,
    correct,
    corrected,
    credit,
    deliveries_of,
    dust_settles,
    lines_of,
    states_of,
)
from tests.unit.sessions.platform_messages import ENDED, STARTED, readings_message, utc
from tests.unit.sessions.world import World


@pytest.fixture
async def metered(connected: World) -> World:
    """A world with a series of 12.345 kWh that has arrived."""
    await connected.operator(mode=Mode.METER_VALUE)
    await connected.settled()
    await connected.deliver_asked()
    return connected


async def test_the_corrected_series_is_sent_under_the_same_id_and_ours_has_its_own(metered: World) -> None:
    assert await corrected(metered, consumptionKWh=10) == (None, R1)
    await metered.deliver_asked()
    first, second = await metered.arrived("meter-values")
    assert first["TransactionId"] == second["TransactionId"] == ID
    assert sum(each["Value"] for each in second["MeterValues"]) == 10
    assert [each["StartTimestamp"] for each in first["MeterValues"]] == [
        each["StartTimestamp"] for each in second["MeterValues"]
    ]
    line = (await lines_of(metered))[R1]
    assert isinstance(line, MeteredLine)
    assert (line.credit_reference, line.consumption_kwh) == (ID, Decimal(10))
    assert [each.transaction_id for each in (await metered.story()).standing_lines] == [R1]


async def test_a_corrected_series_is_corrected(metered: World) -> None:
    await corrected(metered, consumptionKWh=10)
    end = ENDED + timedelta(minutes=30)
    await metered.deliver_asked()
    assert await corrected(metered, R1, timestampEnd=utc(end)) == (None, R2)
    await metered.deliver_asked()
    last = (await metered.arrived("meter-values"))[-1]
    assert last["TransactionId"] == ID
    assert parse_json(b'"' + last["MeterValues"][-1]["EndTimestamp"].encode() + b'"') == "2026-01-15T20:10:03.633143Z"
    assert sum(each["Value"] for each in last["MeterValues"]) == 10
    assert (await correct(metered, R1, consumptionKWh=1)).status == 409


async def test_to_nothing_is_how_a_series_is_taken_back(metered: World) -> None:
    assert (await credit(metered)).status == 409
    await corrected(metered, consumptionKWh=0)
    await metered.deliver_asked()
    last = (await metered.arrived("meter-values"))[-1]
    assert {each["Value"] for each in last["MeterValues"]} == {0}


async def test_the_mode_is_that_of_the_line(metered: World) -> None:
    await metered.operator(mode=Mode.COSTED_TRANSACTION)
    await corrected(metered, consumptionKWh=10)
    await metered.deliver_asked()
    assert len(await metered.arrived("meter-values")) == 2
    assert await metered.arrived() == []


async def test_a_tariff_is_not_for_meter_values(metered: World) -> None:
    reply = await correct(metered, tariffId="flat")
    assert (reply.status, set(reply.faults)) == (422, {"tariffId"})
    assert (await correct(metered)).status == 409  # nothing would change


async def test_a_series_longer_than_can_be_sent_is_refused(metered: World) -> None:
    metered.clock.move(days=40)
    start = STARTED - timedelta(days=32)
    reply = await correct(metered, timestampStart=utc(start))
    assert (reply.status, set(reply.faults)) == (422, {"timestampStart"})
    assert set(await lines_of(metered)) == {ID}


async def test_readings_that_came_late_are_in_the_corrected_series(metered: World) -> None:
    await metered.say(readings_message((STARTED + timedelta(minutes=20), 184_300), session_id=ID))
    await corrected(metered)
    line = (await lines_of(metered))[R1]
    assert line.consumption_kwh == Decimal("12.345")
    assert line != (await lines_of(metered))[ID]


async def test_a_series_that_was_never_sent_is_withdrawn(connected: World) -> None:
    await connected.operator(mode=Mode.METER_VALUE)
    await connected.settled()
    await corrected(connected, consumptionKWh=10)
    await connected.deliver_asked()
    assert await states_of(connected) == {ID: "withdrawn", R1: "delivered"}
    [only] = await connected.arrived("meter-values")
    assert sum(each["Value"] for each in only["MeterValues"]) == 10


@pytest.mark.parametrize("kind", ["cut-after-store", "cut-before-store"])
async def test_the_corrected_series_comes_after_the_one_of_which_nobody_knows(connected: World, kind: str) -> None:
    await connected.operator(mode=Mode.METER_VALUE)
    await connected.fault("meter-values", kind, times=1)
    await connected.settled()
    await connected.deliver_asked()
    await corrected(connected, consumptionKWh=10)
    assert (await deliveries_of(connected))[R1].after == ID
    await dust_settles(connected)
    assert await states_of(connected) == {ID: "delivered", R1: "delivered"}
    sums = [sum(each["Value"] for each in series["MeterValues"]) for series in await connected.arrived("meter-values")]
    assert (sums[-1], set(sums[:-1])) == (10, {Decimal("12.345")})


async def test_the_preview_shows_the_corrected_series(metered: World) -> None:
    reply = await correct(metered, consumptionKWh=10, preview=True)
    assert reply.status == 200
    assert reply.document["creditTransactionId"] is None
    [shown] = reply.document["transactions"]
    assert (shown["transactionId"], shown["creditReferenceTransactionId"]) == (R1, ID)
    assert sum(each["kWh"] for each in shown["breakdown"]) == 10
    assert set(await lines_of(metered)) == {ID}
    found = await metered.call("get_transaction", scope=Scope.UTILITY_CLOUD, path={"transactionId": ID})
    assert "creditReferenceTransactionId" not in found.document
