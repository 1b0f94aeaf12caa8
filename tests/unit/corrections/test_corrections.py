"""A correction is a credit of what was written and a new line, priced by the same engine."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.billing import CostedLine
from shared.operators import Mode, Scope, State
from shared.sessions import SessionStatus
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Row
from tests.unit.corrections.corrected import (
    C1,
    C2,
    ID,
    R1,
    R2,
    correct,
    corrected,
    costed,
    credit,
    deliveries_of,
    lines_of,
    standing_amount,
    states_of,
)
from tests.unit.sessions.platform_messages import BEFORE, ENDED, OWNER, STARTED, readings_message, stop_message, utc
from tests.unit.sessions.recorded import (
    component,
    evening_tariff,
    put_spot_day,
    put_tariff_document,
    recorded_session,
    simulated,
    spot_tariff,
)
from tests.unit.sessions.world import World

ZERO = Decimal(0)


@pytest.fixture
async def billed(connected: World) -> World:
    """A world with a line that has arrived: 12.345 kWh at 3.20 NOK."""
    await connected.settled()
    await connected.deliver_asked()
    return connected


async def _nothing_was_written(town: World, before: dict[str, Any]) -> None:
    assert await lines_of(town) == before
    assert set(await states_of(town)) == set(before)
    assert (await town.session()).decisions == ()


def _stored(town: World) -> dict[str, dict[str, Row]]:
    assert isinstance(town.ledger, MemoryRows)
    return {name: dict(held.rows) for name, held in town.ledger._partitions.items()}


async def test_the_energy_is_corrected(billed: World) -> None:
    assert await corrected(billed, consumptionKWh=10) == (C1, R1)
    await billed.deliver_asked()
    original, credit_of_it, line = await billed.arrived()
    assert (credit_of_it["transactionId"], credit_of_it["totalCostInclVat"]) == (C1, Decimal("-49.38"))
    assert line == {
        **original,
        "transactionId": R1,
        "creditReferenceTransactionId": ID,
        "fullConsumptionKWh": 10,
        "totalCostExclVat": Decimal("32.00"),
        "totalVat": Decimal("8.00"),
        "totalCostInclVat": Decimal("40.00"),
    }
    assert await standing_amount(billed) == (Decimal("32.00"), Decimal("8.00"), Decimal("40.00"), Decimal(10))


async def test_a_correction_is_corrected(billed: World) -> None:
    await corrected(billed, consumptionKWh=10)
    await billed.deliver_asked()
    assert await corrected(billed, R1, consumptionKWh=5) == (C2, R2)
    await billed.deliver_asked()
    arrived = {each["transactionId"]: each for each in await billed.arrived()}
    assert {name: each.get("creditReferenceTransactionId") for name, each in arrived.items()} == {
        ID: None,
        C1: ID,
        R1: ID,
        C2: R1,
        R2: R1,
    }
    assert sum(each["totalCostInclVat"] for each in arrived.values()) == Decimal("20.00")
    assert sum(each["fullConsumptionKWh"] for each in arrived.values()) == 5
    for transaction_id in (ID, R1):
        refused = await correct(billed, transaction_id, consumptionKWh=1)
        assert refused.status == 409
        assert refused.document["detail"].endswith(f"the line in force is {R2}")


async def test_what_is_not_named_stays_as_the_line_in_force_has_it(billed: World) -> None:
    await corrected(billed, consumptionKWh=10)
    later = ENDED + timedelta(minutes=10)
    await billed.deliver_asked()
    await corrected(billed, R1, timestampEnd=utc(later), reason="it ended later")
    line = await costed(billed, R2)
    assert (line.started_at, line.ended_at, line.consumption_kwh) == (STARTED, later, Decimal(10))
    assert (line.owner, line.site_id, line.tag, line.tag_name) == (OWNER, 4012, "04A1B2C3D4", "04A1B2C3D4")


async def test_times_are_corrected_and_priced_as_they_are_then(connected: World) -> None:
    await put_tariff_document(connected, evening_tariff("evening"))
    await connected.operator(default_tariff_id="evening")
    session_id = await recorded_session(connected, 1)
    await connected.deliver_asked()
    before = (await lines_of(connected, session_id))[session_id]
    start, end = STARTED - timedelta(hours=3), ENDED - timedelta(hours=3)
    await corrected(connected, session_id, timestampStart=utc(start), timestampEnd=utc(end))
    line = (await lines_of(connected, session_id))["1-R1"]
    assert isinstance(before, CostedLine)
    assert isinstance(line, CostedLine)
    assert (line.started_at, line.ended_at, line.consumption_kwh) == (start, end, before.consumption_kwh)
    assert line.total_incl_vat != before.total_incl_vat
    assert line.report is not None
    # What was measured lies outside of the corrected times, and the report says so.
    assert any("readings left out" in note for note in line.report.notes), line.report.notes


async def test_readings_that_fit_still_say_when_the_energy_came(connected: World) -> None:
    await put_tariff_document(connected, evening_tariff("evening"))
    await connected.operator(default_tariff_id="evening")
    await recorded_session(connected, 1, meterReadStart=None)  # the register at the start is counted back
    await connected.deliver_asked()
    await corrected(connected, "1", consumptionKWh=12)
    line = (await lines_of(connected, "1"))["1-R1"]
    assert isinstance(line, CostedLine)
    assert line.report is not None
    assert not any("left out" in note for note in line.report.notes), line.report.notes
    simulated_now = (await simulated(connected, "evening")).items[0]
    assert simulated_now.actual == simulated_now.simulated
    assert simulated_now.consumption_kwh == 12


async def test_readings_count_from_where_the_register_stood_before_the_energy_was_corrected(connected: World) -> None:
    await put_tariff_document(connected, evening_tariff("evening"))
    await connected.operator(default_tariff_id="evening")
    await connected.say(readings_message((STARTED + timedelta(minutes=80), 191_700), session_id=ID))
    await connected.settled(stop_message(meterReadStart=None))  # the register at the start is counted back: 184,200
    await connected.deliver_asked()
    await corrected(connected, consumptionKWh=8)
    line = await costed(connected, R1)
    assert line.report is not None
    assert not any("left out" in note for note in line.report.notes)
    first = line.report.periods[0]  # until 20:15, after the reading of 7.5 kWh; spread evenly it would be 6.7
    [energy] = [part.measured for part in first.dimensions if part.unit == "kWh"]
    assert Decimal("7.5") < energy < 8


async def test_the_tariff_is_corrected_by_the_version_in_force_at_the_start(billed: World) -> None:
    await billed.tariff("cheap", price=1)
    await billed.tariff("cheap", price=9)  # from now on
    await corrected(billed, tariffId="cheap")
    line = await costed(billed, R1)
    assert line.report is not None
    assert (line.report.tariff_id, line.total_excl_vat, line.total_incl_vat) == (
        "cheap",
        Decimal("12.35"),
        Decimal("15.44"),
    )


async def test_without_another_tariff_it_is_the_one_that_priced_it(billed: World) -> None:
    await billed.tariff("dear", price=100)
    await billed.operator(default_tariff_id="dear")
    await corrected(billed, consumptionKWh=10)
    assert (await costed(billed, R1)).total_excl_vat == Decimal("32.00")


async def test_a_version_put_for_the_time_is_found_by_a_correction_with_only_a_reason(billed: World) -> None:
    refused = await correct(billed)
    assert refused.status == 409
    assert "nothing that Utility Cloud is told would change" in refused.document["detail"]
    await billed.tariff("flat", price=2, valid_from=BEFORE)
    await corrected(billed, reason="the tariff was put wrong")
    assert (await costed(billed, R1)).total_excl_vat == Decimal("24.69")


async def test_a_preview_shows_the_lines_and_writes_nothing(billed: World) -> None:
    before = await lines_of(billed)
    rows = _stored(billed)
    reply = await correct(billed, consumptionKWh=10, preview=True)
    assert reply.status == 200, reply.body
    document = reply.document
    assert (document["creditTransactionId"], document["transactionId"]) == (C1, R1)
    shown_credit, shown_line = document["transactions"]
    assert (shown_credit["transactionId"], shown_credit["totalCostInclVat"]) == (C1, Decimal("-49.38"))
    assert (shown_line["transactionId"], shown_line["totalCostInclVat"]) == (R1, Decimal("40.00"))
    assert shown_line["breakdown"]
    assert _stored(billed) == rows
    await _nothing_was_written(billed, before)
    assert await corrected(billed, consumptionKWh=10) == (C1, R1)


async def test_a_preview_is_refused_as_the_correction_would_be(billed: World) -> None:
    for changes, status in (({}, 409), ({"tariffId": "none"}, 422), ({"consumptionKWh": 0}, 409)):
        asked = await correct(billed, preview=True, **changes)
        done = await correct(billed, **changes)
        assert (asked.status, asked.document) == (done.status, done.document)
        assert asked.status == status


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timestampEnd": utc(STARTED - timedelta(seconds=1))}, "timestampEnd"),
        ({"timestampStart": utc(ENDED + timedelta(seconds=1))}, "timestampStart"),
        ({"timestampEnd": "2026-01-16T08:15:01Z"}, "timestampEnd"),  # in the future
        ({"consumptionKWh": 12345}, "consumptionKWh"),  # Wh for kWh
        ({"consumptionKWh": -1}, "consumptionKWh"),
        ({"consumptionKWh": "10"}, "consumptionKWh"),
        ({"consumptionKWh": 1.0000001}, "consumptionKWh"),
        ({"consumptionKWh": True}, "consumptionKWh"),
        ({"timestampStart": "yesterday"}, "timestampStart"),
        ({"timestampStart": 1768500000}, "timestampStart"),
        ({"timestampStart": "2026-01-15T17:00:00"}, "timestampStart"),
        ({"tariffId": "unknown"}, "tariffId"),
        ({"tariffId": ""}, "tariffId"),
        ({"siteId": 7}, "siteId"),
        ({"reason": ""}, "reason"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(billed: World, changes: dict[str, Any], field: str) -> None:
    before = await lines_of(billed)
    reply = await correct(billed, **changes)
    assert reply.status == 422, reply.body
    assert set(reply.faults) == {field}
    await _nothing_was_written(billed, before)


async def test_to_nothing_it_is_credited_not_corrected(billed: World) -> None:
    before = await lines_of(billed)
    reply = await correct(billed, consumptionKWh=0)
    assert (reply.status, "credit it instead" in reply.document["detail"]) == (409, True)
    await _nothing_was_written(billed, before)


async def test_a_price_that_cannot_be_told_is_not_guessed(billed: World) -> None:
    before = await lines_of(billed)
    await put_tariff_document(billed, spot_tariff("spot"))
    reply = await correct(billed, tariffId="spot")
    assert (reply.status, "2026-01-15T17:00:00" in reply.document["detail"]) == (409, True)
    await _nothing_was_written(billed, before)
    await put_spot_day(billed, "2026-01-15")
    await corrected(billed, tariffId="spot")


async def test_in_another_currency_nothing_is_corrected(billed: World) -> None:
    before = await lines_of(billed)
    await billed.operator(currency="SEK")
    krona = {"id": "krona", "currency": "SEK", "elements": [{"price_components": [component("ENERGY", 1)]}]}
    await put_tariff_document(billed, krona)
    given = await correct(billed, tariffId="krona")
    assert given.faults == {"tariffId": "tariff krona is in SEK, not in NOK"}
    assert (await correct(billed, consumptionKWh=1)).status == 409  # its own tariff is none of the operator's any more
    await _nothing_was_written(billed, before)


async def test_the_mode_is_that_of_the_line(billed: World) -> None:
    await billed.operator(mode=Mode.METER_VALUE)
    await corrected(billed, consumptionKWh=10)
    await billed.deliver_asked()
    assert [each["transactionId"] for each in await billed.arrived()] == [ID, C1, R1]
    assert await billed.arrived("meter-values") == []


async def test_a_line_that_cannot_be_there_is_withdrawn_and_only_the_new_one_goes(connected: World) -> None:
    await connected.settled()
    assert await corrected(connected, consumptionKWh=10) == (None, R1)
    assert await corrected(connected, R1, consumptionKWh=5) == (None, R2)
    await connected.deliver_asked()
    assert [each["transactionId"] for each in await connected.arrived()] == [R2]
    assert await states_of(connected) == {ID: "withdrawn", R1: "withdrawn", R2: "delivered"}
    assert await standing_amount(connected) == (Decimal("16.00"), Decimal("4.00"), Decimal("20.00"), Decimal(5))
    assert (await credit(connected, R2)).document == {"creditTransactionId": f"{ID}-C3"}


async def test_what_follows_a_rehearsed_line_is_rehearsed(connected: World) -> None:
    await connected.operator(state=State.REHEARSAL)
    await connected.settled()
    for state in (State.REHEARSAL, State.LIVE):
        await connected.operator(state=state)
        in_force = ID if state is State.REHEARSAL else R1
        await corrected(connected, in_force, consumptionKWh=10 if state is State.REHEARSAL else 5)
    await connected.deliver_asked()
    connected.clock.move(hours=1)
    await connected.wiring.due_work.run()
    assert await states_of(connected) == {ID: "withdrawn", R1: "withdrawn", R2: "rehearsed"}
    assert await connected.requests() == []


async def test_a_rejected_line_is_replaced(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=400, times=1)
    await connected.settled()
    await connected.deliver_asked()
    assert await states_of(connected) == {ID: "rejected"}
    assert await corrected(connected, consumptionKWh=10) == (None, R1)
    await connected.deliver_asked()
    assert [each["transactionId"] for each in await connected.arrived()] == [R1]
    retried = await connected.call("retry_delivery", scope=Scope.OPERATOR_ADMIN, path={"transactionId": ID})
    assert retried.status == 409


async def test_a_conflict_is_resolved_by_correcting_to_the_other_stop_and_discarding(billed: World) -> None:
    assert (await billed.say(stop_message(consumptionWh=9000))).document["status"] == "conflict"
    await corrected(billed, consumptionKWh=9, reason="the second report is right")
    verdict = {"decision": "discard", "reason": "the line says so now"}
    reply = await billed.call("resolve_session", scope=Scope.OPERATOR_ADMIN, path={"sessionId": ID}, body=verdict)
    assert reply.status == 200
    session = await billed.session()
    assert (session.status, session.conflicts, len(session.decisions)) == (SessionStatus.SETTLED, (), 2)


async def test_readings_that_came_late_count_in_a_correction(billed: World) -> None:
    await put_tariff_document(billed, evening_tariff("evening"))
    even = (await correct(billed, tariffId="evening", preview=True)).document["transactions"][1]
    await billed.say(readings_message((STARTED + timedelta(minutes=20), 184_300), session_id=ID))
    late = (await correct(billed, tariffId="evening", preview=True)).document["transactions"][1]
    assert late["totalCostInclVat"] != even["totalCostInclVat"]


async def test_who_why_and_what_is_in_the_log(billed: World) -> None:
    await corrected(billed, consumptionKWh=10, reason="the customer called")
    [entry] = await billed.log(action="line-corrected")
    assert entry["referenceId"] == R1
    assert entry["message"].endswith(
        f"corrected {ID} (2026-01-15 17:02:11 to 2026-01-15 19:40:03 UTC, 12.345 kWh, 49.38 NOK incl. VAT by tariff"
        " flat) to 2026-01-15 17:02:11 to 2026-01-15 19:40:03 UTC, 10 kWh, 40.00 NOK incl. VAT by tariff flat,"
        " because the customer called"
    )
    [credited] = await billed.log(action="line-credited")
    assert (credited["referenceId"], f"credited it by {C1}" in credited["message"]) == (ID, True)


async def test_both_come_after_the_line_that_they_follow(billed: World) -> None:
    await corrected(billed, consumptionKWh=10)
    deliveries = await deliveries_of(billed)
    assert [(deliveries[name].after, deliveries[name].is_credit) for name in (C1, R1)] == [(ID, True), (ID, False)]


async def test_a_simulation_prices_what_the_corrected_line_says(billed: World) -> None:
    await corrected(billed, consumptionKWh=10)
    await billed.tariff("dear", price=7)
    [item] = (await simulated(billed, "dear")).items
    assert item.actual is not None
    assert item.simulated is not None
    assert (item.consumption_kwh, item.actual.incl, item.simulated.incl) == (
        Decimal(10),
        Decimal("40.00"),
        Decimal("87.50"),
    )
    await credit(billed, R1)
    found = await simulated(billed, "dear")
    [gone] = found.items
    assert gone.actual is not None
    assert (gone.actual.incl, gone.simulated) == (ZERO, None)
    assert (gone.fault, found.sum.priced) == ("its line was credited or withdrawn, and nothing took its place", 0)
