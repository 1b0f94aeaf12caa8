"""What cannot become a line yet is held, told, and settled by itself when the cause goes away."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.delivery import DeliveryState
from shared.operators import Charger, ChargerFacts, Mode, Product, Scope
from shared.sessions import HeldFor, SessionStatus
from tests.unit.sessions.platform_messages import (
    CHARGER,
    ENDED,
    GLN,
    NOW,
    OTHER_OWNER,
    OWNER,
    STARTED,
    start_message,
    stop_message,
    utc,
)
from tests.unit.sessions.world import World

FOREIGN = "04FFFFFFFF"
UNPRICED: dict[str, Any] = {"default_tariff_id": None}


async def _held(town: World, reason: str, message: dict[str, Any] | None = None) -> str:
    reply = await town.say(message or stop_message())
    assert (reply.status, reply.document["status"], reply.document["heldFor"]) == (200, "held", reason)
    session_id: str = reply.document["transactionId"]
    story = await town.story(session_id)
    assert (story.lines, story.deliveries) == ((), ())
    return session_id


async def _is_settled_by_the_timer(town: World, session_id: str = "1032427936") -> None:
    town.clock.move(minutes=2)
    town.wiring.directory.forget(GLN)
    await town.wiring.due_work.run()
    await _is_settled(town, session_id)


async def _is_settled(town: World, session_id: str = "1032427936") -> None:
    story = await town.story(session_id)
    assert story.session is not None
    assert story.session.value.status is SessionStatus.SETTLED
    assert len(story.lines) == len(story.deliveries) == 1
    assert session_id in [request["session_id"] for request in town.asked.requests]
    actions = [entry["action"] for entry in await town.log(referenceId=session_id)]
    assert "session-settled" in actions
    held = await town.call("list_sessions", scope=Scope.OPERATOR_ADMIN, status="held")
    assert session_id not in [item["sessionId"] for item in held.document["items"]]


async def test_a_session_is_held_in_the_open(town: World) -> None:
    await town.operator(**UNPRICED)
    await _held(town, "no-tariff")
    listed = await town.call("list_sessions", scope=Scope.OPERATOR_ADMIN)
    [item] = listed.document["items"]
    assert (item["sessionId"], item["heldFor"]) == ("1032427936", "no-tariff")
    assert item["heldBecause"] == "neither its product nor its site nor the operator has a tariff"
    assert item["heldSince"] == "2026-01-16T08:00:00Z"
    [entry] = await town.log(referenceId="1032427936")
    assert "held, no-tariff" in entry["message"]
    assert town.wiring.counts.as_mapping()["stops.held"] == 1


@pytest.mark.parametrize("way", ["the operators default", "the product", "the site", "the tariff itself"])
async def test_a_session_without_a_tariff_is_settled_when_one_arrives(town: World, way: str) -> None:
    await town.operator(default_tariff_id="late" if way == "the tariff itself" else None)
    await _held(town, "no-tariff")
    match way:
        case "the operators default":
            await town.operator(default_tariff_id="flat")
        case "the product":
            await town.operator(products=(Product(product_code="LADEABO", tariff_id="flat"),))
        case "the site":
            await town.site(4012, tariff_id="flat")
        case _:
            await town.tariff("late", price=1)
    await _is_settled_by_the_timer(town)


async def test_a_change_of_the_configuration_settles_at_once_all_that_waited_for_it(town: World) -> None:
    await town.operator(**UNPRICED)
    sessions = [await _held(town, "no-tariff", stop_message(transactionId=number)) for number in range(230)]
    await town.operator(default_tariff_id="flat")
    await town.wiring.configuration_changed(GLN)
    await town.wiring.background.settle()
    for session_id in sessions:
        assert len((await town.story(session_id)).lines) == 1


@pytest.mark.parametrize(
    ("tariff", "because"),
    [
        ({"currency": "SEK"}, "there is no tariff other"),
        (None, "there is no tariff other"),
    ],
)
async def test_a_tariff_that_cannot_price_the_line_holds_it(
    town: World, tariff: dict[str, Any] | None, because: str
) -> None:
    if tariff is not None:
        await town.operator(currency="SEK")
        await town.tariff("other", **tariff)
        await town.operator(currency="NOK")
    await town.operator(default_tariff_id="other")
    await _held(town, "no-tariff")
    assert (await town.session()).held_because == because


async def test_a_tag_that_turns_out_to_have_been_held_settles_its_sessions_at_once(town: World) -> None:
    first = await _held(town, "unknown-token", stop_message(authorizedIdTag=FOREIGN))
    second = await _held(town, "unknown-token", stop_message(authorizedIdTag=FOREIGN.lower(), transactionId=2))
    elsewhere = await _held(town, "unknown-token", stop_message(authorizedIdTag="04EEEEEEEE", transactionId=3))
    await town.contract(owner=OTHER_OWNER, rfid=FOREIGN)
    for session_id in (first, second):
        await _is_settled(town, session_id)
        [line] = (await town.story(session_id)).lines
        assert line.owner == OTHER_OWNER
    assert (await town.session(elsewhere)).status is SessionStatus.HELD


async def test_a_tag_that_is_held_only_later_settles_nothing(town: World) -> None:
    session_id = await _held(town, "unknown-token", stop_message(authorizedIdTag=FOREIGN))
    await town.contract(owner=OTHER_OWNER, rfid=FOREIGN, at=ENDED)
    assert (await town.session(session_id)).status is SessionStatus.HELD


async def test_a_start_that_comes_after_its_stop_can_tell_whose_it_was(town: World) -> None:
    stop = stop_message(authorizedIdTag=FOREIGN)
    await _held(town, "unknown-token", stop)
    await town.say(start_message())  # with the driver's own tag: the stop was made with another
    town.clock.move(minutes=2)
    await town.wiring.due_work.run()
    [line] = (await town.story()).lines
    assert line.owner == OWNER


async def test_a_session_whose_cause_changes_says_so(town: World) -> None:
    await town.operator(**UNPRICED)
    await _held(town, "unknown-token", stop_message(authorizedIdTag=FOREIGN))
    await town.contract(owner=OTHER_OWNER, rfid=FOREIGN)
    session = await town.session()
    assert (session.status, session.held_for) == (SessionStatus.HELD, HeldFor.NO_TARIFF)
    actions = sorted(entry["action"] for entry in await town.log(referenceId="1032427936"))
    assert actions == ["session-held", "session-stopped"]
    await town.operator(default_tariff_id="flat")
    await _is_settled_by_the_timer(town)


async def test_a_held_session_is_tried_ever_more_seldom_and_told_once(town: World) -> None:
    await town.operator(**UNPRICED)
    await _held(town, "no-tariff")
    tries = []
    for _ in range(12):
        session = await town.session()
        assert session.try_again_at is not None
        tries.append(session.try_again_at - town.clock.now())
        town.clock.at = session.try_again_at
        await town.wiring.due_work.run()
    assert tries[0] == timedelta(minutes=1)
    assert tries == sorted(tries)
    assert max(tries) <= timedelta(hours=6)
    assert (await town.session()).held_since == NOW
    assert len(await town.log(referenceId="1032427936")) == 1


IMPLAUSIBLE: dict[str, dict[str, Any]] = {
    "ends before it starts": {"deviceTimeStampEnd": utc(STARTED - timedelta(seconds=1))},
    "ends in the future": {"deviceTimeStampEnd": utc(NOW + timedelta(minutes=15, seconds=1))},
    "below zero": {"consumptionWh": -1, "meterReadStart": None},
    "meter readings differ": {"consumptionWh": 12345 + 101},
}


@pytest.mark.parametrize("fault", IMPLAUSIBLE)
async def test_what_cannot_be_true_waits_for_a_person(town: World, fault: str) -> None:
    await _held(town, "implausible", stop_message(**IMPLAUSIBLE[fault]))
    session = await town.session()
    assert fault in str(session.held_because)
    assert session.try_again_at is None
    town.clock.move(days=2)
    await town.wiring.due_work.run()
    await town.wiring.settlement.settle_held(
        operator=await town.operator(), reason=HeldFor.IMPLAUSIBLE
    )  # nor by asking
    assert (await town.session()).status is SessionStatus.HELD


async def _put_charger(town: World, power: str) -> None:
    stored = await town.wiring.chargers.find(gln=GLN, charger_id=CHARGER)
    charger = stored.value if stored else Charger(charger_id=CHARGER, created_at=NOW, revision="1")
    own = ChargerFacts(max_power_kw=Decimal(power))
    changed = Charger(charger_id=CHARGER, created_at=charger.created_at, revision="2", own=own, learned=charger.learned)
    await town.wiring.chargers.write(gln=GLN, charger=changed, version=stored.version if stored else None)
    town.wiring.directory.forget(GLN)


async def test_more_than_the_charger_gives_is_settled_when_the_charger_turns_out_to_give_more(town: World) -> None:
    await _put_charger(town, "3.7")
    await _held(town, "implausible")
    await _put_charger(town, "11")
    await _is_settled_by_the_timer(town)


async def test_more_than_the_charger_gives_is_settled_as_soon_as_the_operator_says_so(town: World) -> None:
    await _put_charger(town, "3.7")
    await _held(town, "implausible")
    await _put_charger(town, "11")
    await town.wiring.configuration_changed(GLN)
    await town.wiring.background.settle()
    assert (await town.session()).status is SessionStatus.SETTLED


@pytest.mark.parametrize("fault", [*IMPLAUSIBLE, "no tariff"])
async def test_a_change_that_mends_nothing_writes_nothing(town: World, fault: str) -> None:
    if fault == "no tariff":
        await town.operator(**UNPRICED)
        await _held(town, "no-tariff")
    else:
        await _held(town, "implausible", stop_message(**IMPLAUSIBLE[fault]))
    before = (await town.story()).session
    await town.wiring.configuration_changed(GLN)
    await town.wiring.background.settle()
    assert (await town.story()).session == before


async def test_a_session_of_a_charger_without_a_clock_is_no_series_of_a_million_quarters(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    long_ago = stop_message(deviceTimeStampStart="1970-01-01T00:00:00Z", authorizedIdTag=FOREIGN)
    await _held(town, "unknown-token", long_ago)
    await town.contract(owner=OTHER_OWNER, rfid=FOREIGN, at=datetime(1970, 1, 1, tzinfo=UTC))
    session = await town.session()
    assert (session.held_for, session.held_because) == (
        HeldFor.IMPLAUSIBLE,
        "it lasts longer than the 31 days of which quarter hours can be sent",
    )


async def test_the_longest_series_is_written_and_one_tick_more_is_not(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    await town.contract(owner=OTHER_OWNER, rfid=FOREIGN, at=STARTED.replace(year=2025))
    edge = ENDED - timedelta(days=31)
    longest = stop_message(deviceTimeStampStart=utc(edge), authorizedIdTag=FOREIGN)
    await town.settled(longest)
    longer = stop_message(
        deviceTimeStampStart=utc(edge - timedelta(microseconds=1)), authorizedIdTag=FOREIGN, transactionId=2
    )
    await _held(town, "implausible", longer)


async def test_a_held_session_becomes_a_line_in_the_mode_in_force_when_it_is_settled(town: World) -> None:
    await _held(town, "unknown-token", stop_message(authorizedIdTag=FOREIGN))
    await town.operator(mode=Mode.METER_VALUE)
    await town.contract(owner=OTHER_OWNER, rfid=FOREIGN)
    [delivery] = (await town.story()).deliveries
    assert (delivery.state, delivery.destination) == (DeliveryState.PENDING, "utility-cloud-meter-values")


async def test_the_same_stop_of_a_held_session_is_a_duplicate(town: World) -> None:
    await town.operator(**UNPRICED)
    await _held(town, "no-tariff")
    assert (await town.say(stop_message())).document["status"] == "duplicate"
    await town.operator(default_tariff_id="flat")
    await _is_settled_by_the_timer(town)
    assert (await town.say(stop_message())).document["status"] == "duplicate"


async def test_held_without_a_cost_is_nothing_to_bill_when_it_can_be_priced(town: World) -> None:
    await town.operator(**UNPRICED)
    await _held(town, "no-tariff", stop_message(consumptionWh=0, meterReadEnd=184200))
    await town.operator(default_tariff_id="flat")
    town.clock.move(minutes=2)
    await town.wiring.due_work.run()
    story = await town.story()
    assert story.session is not None
    assert (story.session.value.status, story.lines) == (SessionStatus.NOTHING_TO_BILL, ())
