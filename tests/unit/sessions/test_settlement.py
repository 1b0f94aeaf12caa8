"""A stop becomes a line, once."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.billing import CostedLine, MeteredLine
from shared.delivery import DeliveryState, Destination
from shared.operators import Mode, Scope, State
from shared.sessions import SessionStatus
from tests.unit.sessions.platform_messages import (
    ENDED,
    GLN,
    OWNER,
    STARTED,
    TAG,
    flat_tariff,
    readings_message,
    sample,
    start_message,
    stop_message,
    utc,
)
from tests.unit.sessions.world import World


async def _line(town: World) -> CostedLine:
    [line] = (await town.story()).lines
    assert isinstance(line, CostedLine)
    return line


async def test_a_stop_becomes_a_line_with_its_delivery(town: World) -> None:
    reply = await town.say(sample("charging-stopped.json"))
    assert (reply.status, reply.document) == (
        200,
        {"transactionId": "1032427936", "status": "settled", "heldFor": None},
    )
    story = await town.story()
    line = await _line(town)
    assert (line.transaction_id, line.owner, line.site_id) == ("1032427936", OWNER, 4012)
    assert (line.tag, line.tag_name) == (TAG, TAG)
    assert (line.started_at, line.ended_at) == (STARTED, ENDED)
    assert line.consumption_kwh == Decimal("12.345")
    assert (line.total_excl_vat, line.total_vat, line.total_incl_vat) == (
        Decimal("39.50"),
        Decimal("9.88"),
        Decimal("49.38"),
    )
    [delivery] = story.deliveries
    assert (delivery.state, delivery.destination) == (DeliveryState.PENDING, Destination.INVOICE_LINE)
    assert delivery.due_at == town.clock.now() + timedelta(seconds=30)
    assert town.asked.requests == [{"gln": GLN, "session_id": "1032427936", "transaction_id": "1032427936"}]


async def test_what_came_in_is_in_the_log_word_for_word(town: World) -> None:
    await town.settled(json.loads(sample("charging-stopped.json")))
    [entry] = await town.log(referenceId="1032427936")
    assert (entry["direction"], entry["action"], entry["responseCode"]) == ("in", "session-stopped", 200)
    assert entry["payload"] == json.loads(sample("charging-stopped.json"))
    assert "49.38 NOK" in entry["message"]


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"authorizedIdTag": TAG.lower()},
        {"transactionId": 1032427936},
        {"receivedTimestamp": "2026-01-18T00:00:00Z"},
        {"consumptionWh": 12345.0},
        {"consumptionWh": "12345.000"},
        {"consumptionWh": None},
        {"deviceTimeStampStart": "2026-01-15T18:02:11.3991208+01:00"},
        {"siteId": None},
    ],
)
async def test_the_same_stop_again_is_a_duplicate(town: World, again: dict[str, Any]) -> None:
    await town.settled(stop_message())
    before = await town.story()
    reply = await town.say(stop_message(**again))
    assert (reply.status, reply.document["status"]) == (200, "duplicate")
    after = await town.story()
    assert (after.lines, after.deliveries) == (before.lines, before.deliveries)
    assert len(town.asked.requests) == 1
    assert len(await town.log(referenceId="1032427936")) == 2


async def test_the_older_spelling_of_the_same_stop_is_a_duplicate(town: World) -> None:
    await town.settled(stop_message(transactionId=77, consumptionWh=12300, meterReadEnd=196500))
    older = {
        "chargerId": "NORDLYS_0007",
        "timeStampStart": "2026-01-15T17:02:11.39912Z",
        "timeStampEnd": "2026-01-15T21:40:03.633143+02:00",
        "transactionId": "77",
        "authorizedIdTag": TAG.lower(),
        "consumptionWh": 12300.0,
    }
    assert (await town.say(older)).document["status"] == "duplicate"


OTHER_CONTENT: list[dict[str, Any]] = [
    {"consumptionWh": 12346},
    {"deviceTimeStampEnd": "2026-01-15T19:40:04Z"},
    {"deviceTimeStampStart": "2026-01-15T17:02:12Z"},
    {"chargerId": "NORDLYS_0008"},
    {"authorizedIdTag": "04FFFFFFFF"},
]


@pytest.mark.parametrize("other", OTHER_CONTENT)
async def test_the_same_id_with_other_content_is_kept_beside_the_first_and_never_becomes_a_line(
    town: World, other: dict[str, Any]
) -> None:
    await town.settled(stop_message())
    before = await town.story()
    for _ in range(2):  # told twice, kept once
        reply = await town.say(stop_message(**other))
        assert (reply.status, reply.document["status"]) == (200, "conflict")
    after = await town.story()
    assert (after.lines, after.deliveries) == (before.lines, before.deliveries)
    session = await town.session()
    assert session.status is SessionStatus.SETTLED
    assert len(session.conflicts) == 1
    assert (await town.say(stop_message())).document["status"] == "duplicate"
    listed = await town.call("list_sessions", scope=Scope.OPERATOR_ADMIN, status="conflict")
    assert [item["sessionId"] for item in listed.document["items"]] == ["1032427936"]


async def test_so_many_conflicts_are_kept_and_the_rest_is_in_the_log(town: World) -> None:
    await town.settled(stop_message())
    for energy in range(25):
        reply = await town.say(stop_message(consumptionWh=12350 + energy))
        assert reply.document["status"] == "conflict"
    assert len((await town.session()).conflicts) == 20
    assert len(await town.log(referenceId="1032427936")) == 26


async def test_no_energy_and_no_cost_is_nothing_to_bill(town: World) -> None:
    reply = await town.say(stop_message(consumptionWh=0, meterReadEnd=184200))
    assert reply.document["status"] == "nothing-to-bill"
    story = await town.story()
    assert (story.lines, story.deliveries, town.asked.requests) == ((), (), [])
    assert (await town.say(stop_message(consumptionWh=0, meterReadEnd=184200))).document["status"] == "duplicate"


async def test_no_energy_that_costs_something_is_billed(town: World) -> None:
    document = flat_tariff("flat", price=3.2)
    document["elements"][0]["price_components"].append({"type": "FLAT", "price": 4, "vat": 25, "step_size": 1})
    await town.tariff("flat", elements=document["elements"], valid_from=STARTED)
    await town.settled(stop_message(consumptionWh=0, meterReadEnd=184200))
    line = await _line(town)
    assert (line.consumption_kwh, line.total_incl_vat) == (Decimal(0), Decimal(5))


async def test_energy_that_costs_nothing_is_a_line_all_the_same(town: World) -> None:
    await town.tariff("flat", price=0, valid_from=STARTED)
    await town.settled()
    assert (await _line(town)).total_incl_vat == 0


async def test_a_stop_without_a_start_becomes_a_line(town: World) -> None:
    await town.settled()
    assert (await town.session()).start is None


async def test_a_start_after_its_stop_changes_nothing(town: World) -> None:
    await town.settled()
    before = await town.story()
    assert (await town.say(start_message(authorizedIdTag="04FFFFFFFF"))).document == {"status": "accepted"}
    after = await town.story()
    assert (after.lines, after.deliveries) == (before.lines, before.deliveries)
    session = await town.session()
    assert (session.status, session.external_id) == (SessionStatus.SETTLED, OWNER)
    assert (await town.say(stop_message())).document["status"] == "duplicate"


async def test_a_start_that_comes_again_does_not_replace_the_first(town: World) -> None:
    await town.say(start_message())
    await town.say(start_message(authorizedIdTag="04FFFFFFFF", meterRead=1))
    start = (await town.session()).start
    assert start is not None
    assert (start.tag, start.meter_start_wh) == (TAG, Decimal(184200))


async def test_a_session_that_started_is_charging_until_it_stops(town: World) -> None:
    await town.say(start_message())
    assert (await town.session()).status is SessionStatus.CHARGING
    await town.settled()
    assert (await town.session()).status is SessionStatus.SETTLED


async def test_readings_shape_the_series_and_those_that_come_after_the_line_change_nothing(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    early = readings_message((STARTED + timedelta(minutes=30), 184200 + 12345))
    assert (await town.say(early)).document["status"] == "accepted"
    await town.say(early)  # again
    await town.settled()
    story = await town.story()
    [line] = story.lines
    assert isinstance(line, MeteredLine)
    assert sum(value.kwh for value in line.values[3:]) == 0
    late = readings_message((STARTED + timedelta(minutes=60), 184200 + 100))
    assert (await town.say(late)).document["status"] == "accepted"
    after = await town.story()
    assert (after.lines, after.deliveries) == (story.lines, story.deliveries)
    assert len(after.readings) == 2


async def test_meter_value_mode_needs_no_tariff_and_prices_nothing(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE, default_tariff_id=None)
    await town.settled()
    [line] = (await town.story()).lines
    [delivery] = (await town.story()).deliveries
    assert isinstance(line, MeteredLine)
    assert delivery.destination is Destination.METER_VALUES
    assert line.owner == OWNER
    assert sum(value.kwh for value in line.values) == Decimal("12.345")
    assert (await town.session()).mode == "meter-value"


async def test_no_energy_is_nothing_to_bill_in_meter_value_mode(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    reply = await town.say(stop_message(consumptionWh=0, meterReadEnd=184200))
    assert reply.document["status"] == "nothing-to-bill"


async def test_a_session_keeps_the_mode_in_force_when_it_was_settled(town: World) -> None:
    await town.settled()
    await town.operator(mode=Mode.METER_VALUE)
    assert (await town.say(stop_message())).document["status"] == "duplicate"
    [delivery] = (await town.story()).deliveries
    assert delivery.destination is Destination.INVOICE_LINE
    assert (await town.session()).mode == "costed-transaction"


async def test_in_rehearsal_a_line_is_priced_and_shown_and_nobody_is_asked_to_send_it(town: World) -> None:
    await town.operator(state=State.REHEARSAL)
    await town.settled()
    [delivery] = (await town.story()).deliveries
    assert (delivery.state, delivery.due_at) == (DeliveryState.REHEARSED, None)
    assert town.asked.requests == []
    shown = await town.call("get_transaction", scope=Scope.UTILITY_CLOUD, path={"transactionId": "1032427936"})
    assert shown.document["totalCostInclVat"] == Decimal("49.38")
    assert shown.document["delivery"]["state"] == "rehearsed"


async def test_what_was_rehearsed_is_not_sent_later(town: World) -> None:
    await town.operator(state=State.REHEARSAL)
    await town.settled()
    await town.operator(state=State.LIVE)
    town.clock.move(days=1)
    assert await town.wiring.due_work.run() == 0
    assert await town.deliver("1032427936") is DeliveryState.REHEARSED


async def test_an_id_with_odd_characters_is_as_good_as_any(town: World) -> None:
    odd = "a/b|c?d#e%f'g~h" + "|" * 49
    reply = await town.settled(stop_message(transactionId=odd))
    assert reply.document["transactionId"] == odd
    shown = await town.call("get_transaction", scope=Scope.UTILITY_CLOUD, path={"transactionId": odd})
    assert shown.document["transactionId"] == odd


async def test_an_amount_of_a_currency_without_a_minor_unit_has_no_decimals(town: World) -> None:
    await town.operator(currency="ISK", default_tariff_id="isk")
    await town.tariff("isk", price=33, currency="ISK")
    await town.settled()
    line = await _line(town)
    assert [str(each) for each in (line.total_excl_vat, line.total_vat, line.total_incl_vat)] == ["407", "102", "509"]


async def test_the_register_that_the_start_told_serves_a_stop_that_tells_none(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    began = STARTED.replace(minute=0, second=0, microsecond=0)
    ended = began + timedelta(minutes=30)
    await town.say(start_message(deviceTimeStamp=utc(began), meterRead=1000))
    await town.say(readings_message((began + timedelta(minutes=15), 10_000)))
    times = {"deviceTimeStampStart": utc(began), "deviceTimeStampEnd": utc(ended)}
    await town.settled(stop_message(**times, meterReadStart=None, meterReadEnd=None, consumptionWh=10_000))
    [line] = (await town.story()).lines
    assert isinstance(line, MeteredLine)
    assert [value.kwh for value in line.values] == [Decimal(9), Decimal(1)]


async def test_a_refused_stop_is_found_by_its_id_with_what_is_wrong(town: World) -> None:
    refused = await town.say(stop_message(consumptionWh="abc"))
    assert refused.status == 422
    [entry] = await town.log(referenceId="1032427936")
    assert entry["action"] == "charging-event-refused"
    assert "consumptionWh: must be a number" in entry["message"]
    assert entry["payload"]["consumptionWh"] == "abc"


async def test_a_duplicate_leaves_the_session_as_it_was_so_that_nobody_is_disturbed_who_decides_on_it(
    town: World,
) -> None:
    await town.settled()
    before = (await town.story()).session
    assert (await town.say(stop_message())).document["status"] == "duplicate"
    assert (await town.story()).session == before
