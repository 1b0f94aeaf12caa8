"""A person decides what becomes of a held or conflicting session."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.faults import RowConflict
from shared.operators import Scope
from shared.sessions import HeldFor, SessionStatus
from tests.unit.sessions.platform_messages import (
    CHARGER,
    NOW,
    OTHER_OWNER,
    OWNER,
    STARTED,
    TAG,
    start_message,
    stop_message,
    utc,
)
from tests.unit.sessions.world import World

FOREIGN = "04FFFFFFFF"
FUTURE: dict[str, Any] = {"deviceTimeStampEnd": utc(NOW + timedelta(hours=1))}


async def _decide(town: World, decision: str, *, expect: int = 200, **more: Any) -> Any:
    reply = await town.call(
        "resolve_session",
        scope=Scope.OPERATOR_ADMIN,
        path={"sessionId": "1032427936"},
        body={"decision": decision, "reason": "I called them", **more},
    )
    assert reply.status == expect, reply.body
    return reply.document["status"] if expect == 200 else reply


async def test_a_session_of_an_unknown_tag_is_assigned(town: World) -> None:
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    assert await _decide(town, "assign", externalId=OWNER) == "settled"
    [line] = (await town.story()).lines
    assert (line.owner, line.tag) == (OWNER, FOREIGN)
    assert len(town.asked.requests) == 1


@pytest.mark.parametrize("was_authorized", [True, False])
async def test_an_assignment_goes_before_what_the_start_says(town: World, was_authorized: bool) -> None:
    await town.operator(default_tariff_id=None)
    await town.contract(owner=OTHER_OWNER, rfid=None)
    if was_authorized:
        town.clock.at = STARTED
        await town.say({"chargerId": CHARGER, "status": "Available"})
        assert (await town.say({"charger_id": CHARGER, "rfid_tag_id": TAG})).document["charging_allowed"] is True
        await town.wiring.background.settle()
        town.clock.at = NOW
    await town.say(start_message())
    start = (await town.session()).start
    assert start is not None
    assert start.external_id == (OWNER if was_authorized else None)
    await town.say(stop_message())
    assert await _decide(town, "assign", externalId=OTHER_OWNER) == "held"
    session = await town.session()
    assert (session.external_id, session.held_for) == (OTHER_OWNER, HeldFor.NO_TARIFF)
    await town.operator(default_tariff_id="flat")
    town.clock.move(minutes=2)
    await town.wiring.due_work.run()
    [line] = (await town.story()).lines
    assert line.owner == OTHER_OWNER


async def test_an_assignment_to_somebody_who_was_terminated_is_possible(town: World) -> None:
    await town.contract("ContractTerminated", rfid=None, at=STARTED - timedelta(days=1))
    await town.say(stop_message())
    assert await _decide(town, "assign", externalId=OWNER) == "settled"


@pytest.mark.parametrize("nobody", ["707057500000000099", OTHER_OWNER])
async def test_nothing_is_assigned_to_somebody_who_never_was(town: World, nobody: str) -> None:
    await town.contract("ContractTerminated", owner=OTHER_OWNER, rfid=None)  # remembered, never activated
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    reply = await _decide(town, "assign", expect=422, externalId=nobody)
    assert reply.faults == {"externalId": f"there is no driver {nobody}"}
    assert (await town.session()).decisions == ()


async def test_what_is_implausible_is_accepted_as_it_stands(town: World) -> None:
    await town.say(stop_message(**FUTURE))
    assert await _decide(town, "accept") == "settled"
    [line] = (await town.story()).lines
    assert line.ended_at == NOW + timedelta(hours=1)


async def test_what_is_accepted_but_has_no_tariff_is_settled_when_there_is_one(town: World) -> None:
    await town.operator(default_tariff_id=None)
    await town.say(stop_message(**FUTURE))
    assert await _decide(town, "accept") == "held"
    assert (await town.session()).held_for is HeldFor.NO_TARIFF
    await town.operator(default_tariff_id="flat")
    town.clock.move(minutes=2)
    await town.wiring.due_work.run()
    assert (await town.session()).status is SessionStatus.SETTLED


@pytest.mark.parametrize(
    "never",
    [
        {"deviceTimeStampEnd": utc(STARTED - timedelta(seconds=1))},
        {"consumptionWh": -1, "meterReadStart": None},
        {"deviceTimeStampEnd": "9999-12-31T23:59:59Z"},
    ],
)
async def test_what_no_line_could_state_can_only_be_discarded(
    town: World, never: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.instant._LAST_YEAR", 9999)  # as it was stored before years had a bound
    await town.say(stop_message(**never))
    reply = await _decide(town, "accept", expect=409)
    assert "can be discarded, but never billed" in reply.document["detail"]
    assert await _decide(town, "discard") == "discarded"


async def test_accepting_does_not_mend_a_missing_tariff(town: World) -> None:
    await town.operator(default_tariff_id=None)
    await town.say(stop_message())
    reply = await _decide(town, "accept", expect=409)
    assert "accepting does not mend" in reply.document["detail"]


async def test_what_is_discarded_is_never_billed(town: World) -> None:
    await town.operator(default_tariff_id=None)
    await town.say(stop_message())
    assert await _decide(town, "discard") == "discarded"
    await town.operator(default_tariff_id="flat")
    town.clock.move(days=1)
    await town.wiring.due_work.run()
    await town.wiring.settlement.settle_held(operator=await town.operator(), reason=HeldFor.NO_TARIFF)
    assert (await town.story()).lines == ()
    assert (await town.say(stop_message())).document["status"] == "duplicate"
    await _decide(town, "discard", expect=409)


@pytest.mark.parametrize("decision", ["accept", "discard"])
async def test_there_is_nothing_to_decide_on_a_session_that_is_settled(town: World, decision: str) -> None:
    await town.settled()
    reply = await _decide(town, decision, expect=409)
    assert "it is settled and has no conflict" in reply.document["detail"]


async def test_a_session_that_is_settled_is_not_assigned_to_another(town: World) -> None:
    await town.settled()
    await town.say(stop_message(consumptionWh=12346))
    await _decide(town, "assign", expect=409, externalId=OWNER)


@pytest.mark.parametrize("started", [True, False])
async def test_there_is_nothing_to_decide_before_the_stop(town: World, started: bool) -> None:
    if started:
        await town.say(start_message())
    await _decide(town, "discard", expect=404)


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": "forget", "reason": "x"},
        {"decision": "discard"},
        {"decision": "discard", "reason": ""},
        {"decision": "assign", "reason": "x"},
        {"decision": "discard", "reason": "x", "externalId": OWNER},
        {"decision": "accept", "reason": "x", "amount": 3},
    ],
)
async def test_a_decision_that_is_none_is_refused(town: World, wrong: dict[str, Any]) -> None:
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    reply = await town.call("resolve_session", scope=Scope.OPERATOR_ADMIN, path={"sessionId": "1032427936"}, body=wrong)
    assert reply.status == 422
    assert (await town.session()).decisions == ()


async def test_a_decision_says_who_took_it_when_and_why(town: World) -> None:
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    await _decide(town, "assign", externalId=OWNER)
    shown = await town.call("get_session", scope=Scope.OPERATOR_ADMIN, path={"sessionId": "1032427936"})
    [decision] = shown.document["decisions"]
    assert (decision["decision"], decision["reason"], decision["externalId"]) == ("assign", "I called them", OWNER)
    assert decision["decidedAt"] == "2026-01-16T08:00:00Z"
    assert decision["decidedBy"].startswith("operator-admin (")
    entries = await town.log(referenceId="1032427936", action="session-resolved")
    assert ["decided: assign to 707057500000000025, because I called them" in entries[0]["message"]] == [True]


async def test_a_conflict_is_discarded_and_does_not_come_back(town: World) -> None:
    await town.settled()
    await town.say(stop_message(consumptionWh=12346))
    assert await _decide(town, "discard") == "settled"
    assert (await town.session()).conflicts == ()
    assert (await town.say(stop_message(consumptionWh=12346))).document["status"] == "duplicate"
    assert (await town.say(stop_message(consumptionWh=12347))).document["status"] == "conflict"
    assert len((await town.story()).lines) == 1


async def test_a_conflict_with_a_line_is_not_accepted_but_corrected(town: World) -> None:
    await town.settled()
    await town.say(stop_message(consumptionWh=12346))
    reply = await _decide(town, "accept", expect=409)
    assert "correct the line" in reply.document["detail"]
    assert len((await town.session()).conflicts) == 1


async def test_a_conflict_with_what_is_held_is_accepted_in_its_place(town: World) -> None:
    await town.say(stop_message(**FUTURE))
    assert (await town.say(stop_message())).document["status"] == "conflict"
    assert await _decide(town, "accept") == "settled"
    story = await town.story()
    assert [line.ended_at < NOW for line in story.lines] == [True]
    assert (await town.say(stop_message(**FUTURE))).document["status"] == "duplicate"
    assert (await town.say(stop_message())).document["status"] == "duplicate"


async def test_a_conflict_with_nothing_to_bill_is_accepted_for_whoever_held_its_own_tag(town: World) -> None:
    await town.contract(owner=OTHER_OWNER, rfid=FOREIGN)
    await town.say(stop_message(consumptionWh=0, meterReadEnd=184200))
    assert (await town.session()).external_id == OWNER
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    assert await _decide(town, "accept") == "settled"
    [line] = (await town.story()).lines
    assert line.owner == OTHER_OWNER


async def test_a_conflict_that_is_accepted_but_held_is_nobodys_any_more(town: World) -> None:
    await town.say(stop_message(consumptionWh=0, meterReadEnd=184200))
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    assert await _decide(town, "accept") == "held"
    session = await town.session()
    assert (session.held_for, session.external_id) == (HeldFor.UNKNOWN_TOKEN, None)


async def test_what_was_accepted_of_one_stop_is_not_accepted_of_the_other(town: World) -> None:
    await town.operator(default_tariff_id=None)
    await town.say(stop_message(**FUTURE))
    assert await _decide(town, "accept") == "held"
    await town.operator(default_tariff_id="flat")
    await town.say(stop_message(consumptionWh=99_000_000, meterReadEnd=None))
    assert await _decide(town, "accept") == "held"
    session = await town.session()
    assert (session.held_for, session.accepted) == (HeldFor.IMPLAUSIBLE, False)
    assert await _decide(town, "accept") == "settled"


async def test_conflicts_are_decided_one_after_the_other_the_oldest_first(town: World) -> None:
    await town.settled()
    for energy in (12346, 12347):
        await town.say(stop_message(consumptionWh=energy))
    await _decide(town, "discard")
    assert [conflict.energy_wh for conflict in (await town.session()).conflicts] == [12347]
    await _decide(town, "discard")
    assert (await town.session()).conflicts == ()


async def test_two_who_decide_at_once_do_not_both_decide(town: World) -> None:
    await town.say(stop_message(**FUTURE))
    story = await town.story()
    assert story.session is not None
    operator = await town.operator()
    await _decide(town, "accept")
    gone = replace(story.session.value, status=SessionStatus.DISCARDED)
    with pytest.raises(RowConflict):
        await town.wiring.sessions.record(home=operator.home, before=story, session=gone)
    assert (await town.session()).status is SessionStatus.SETTLED


async def test_while_two_stops_contradict_each_other_neither_is_settled_by_itself(town: World) -> None:
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    other = stop_message(authorizedIdTag=FOREIGN, consumptionWh=5000, meterReadEnd=None)
    assert (await town.say(other)).document["status"] == "conflict"
    await town.contract(owner=OTHER_OWNER, rfid=FOREIGN)
    town.clock.move(hours=2)
    await town.wiring.due_work.run()
    assert (await town.session()).status is SessionStatus.HELD
    assert (await town.story()).lines == ()
    assert await _decide(town, "discard") == "settled"
    assert [line.consumption_kwh for line in (await town.story()).lines] == [Decimal("12.345")]


async def test_what_needs_a_person_is_one_list(town: World) -> None:
    await town.say(stop_message(**FUTURE, transactionId="held"))
    await town.settled(stop_message(transactionId="contradicted"))
    await town.say(stop_message(transactionId="contradicted", consumptionWh=12300))
    await town.settled(stop_message(transactionId="fine"))
    reply = await town.call("list_sessions", scope=Scope.OPERATOR_ADMIN)
    assert {item["sessionId"] for item in reply.document["items"]} == {"held", "contradicted"}
    everything = await town.call("list_deliveries", scope=Scope.OPERATOR_ADMIN)
    assert {item["transactionId"] for item in everything.document["items"]} == {"contradicted", "fine"}
