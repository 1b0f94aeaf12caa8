"""What a decision would come to is told before it is taken, and is what then comes of it."""

from datetime import timedelta
from typing import Any

import pytest

from shared.operators import Mode, Scope
from tests.unit.sessions.platform_messages import NOW, OTHER_OWNER, OWNER, start_message, stop_message, utc
from tests.unit.sessions.world import World
from tests.unit.sessions.world_parts import Reply

FOREIGN = "04FFFFFFFF"
FUTURE: dict[str, Any] = {"deviceTimeStampEnd": utc(NOW + timedelta(hours=1))}
PATH = {"sessionId": "1032427936"}


async def _foreseen(town: World, decision: str, **query: str) -> Reply:
    query = {"decision": decision, **query}
    return await town.call("foresee_decision", scope=Scope.OPERATOR_ADMIN, path=PATH, query=query)


async def _decided(town: World, decision: str, **more: str) -> Reply:
    body = {"decision": decision, "reason": "I called them", **more}
    return await town.call("resolve_session", scope=Scope.OPERATOR_ADMIN, path=PATH, body=body)


async def _question(town: World) -> Any:
    return (await town.call("get_session", scope=Scope.OPERATOR_ADMIN, path=PATH)).document["question"]


SITUATIONS: dict[str, list[dict[str, Any]]] = {
    "of an unknown tag": [stop_message(authorizedIdTag=FOREIGN)],
    "in the future": [stop_message(**FUTURE)],
    "contradicted before it is a line": [stop_message(**FUTURE), stop_message()],
    "contradicted after it is a line": [stop_message(), stop_message(consumptionWh=12300)],
    "without energy, contradicted": [stop_message(consumptionWh=0, meterReadEnd=184200), stop_message()],
    "settled": [stop_message()],
    "charging": [start_message()],
}


@pytest.mark.parametrize("decision", ["assign", "accept", "discard"])
@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("is_priced", [True, False])
async def test_what_is_foreseen_is_what_comes_of_it(
    town: World, situation: str, decision: str, is_priced: bool
) -> None:
    if not is_priced:
        await town.operator(default_tariff_id=None)
    for message in SITUATIONS[situation]:
        assert (await town.say(message)).status == 200
    whom = {"externalId": OWNER} if decision == "assign" else {}
    before = await town.story()
    foreseen = await _foreseen(town, decision, **whom)
    assert await town.story() == before
    decided = await _decided(town, decision, **whom)
    assert foreseen.status == decided.status
    if decided.status != 200:
        assert foreseen.document == decided.document
        return
    assert foreseen.document["status"] == decided.document["status"]
    after = await town.story()
    assert after.session is not None
    assert foreseen.document["heldFor"] == after.session.value.held_for
    new = [line for line in after.lines if line not in before.lines]
    told = foreseen.document["line"]
    assert (told is not None) == bool(new)
    if told:
        assert told["transactionOwnerId"] == new[0].owner
        assert told["fullConsumptionKWh"] == new[0].consumption_kwh
        assert told["totalCostInclVat"] == getattr(new[0], "total_incl_vat", None)


async def test_looking_ahead_is_in_no_log_and_asks_for_no_delivery(town: World) -> None:
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    before = await town.log()
    assert (await _foreseen(town, "assign", externalId=OWNER)).document["status"] == "settled"
    assert await town.log() == before
    assert town.asked.requests == []


async def test_meter_values_have_no_amounts(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    line = (await _foreseen(town, "assign", externalId=OWNER)).document["line"]
    assert (line["fullConsumptionKWh"] > 0, line["totalCostInclVat"], line["currency"]) == (True, None, None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"decision": "forget"}, "decision"),
        ({}, "decision"),
        ({"decision": "assign"}, ""),
        ({"decision": "accept", "externalId": OWNER}, ""),
        ({"decision": "assign", "externalId": OTHER_OWNER}, "externalId"),
        ({"decision": "assign", "externalId": "x" * 65}, "externalId"),
    ],
)
async def test_what_is_no_decision_cannot_be_foreseen(town: World, query: dict[str, str], field: str) -> None:
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    reply = await town.call("foresee_decision", scope=Scope.OPERATOR_ADMIN, path=PATH, query=query)
    assert reply.status == 422
    assert field in reply.faults


async def test_a_question_is_another_one_once_somebody_has_decided(town: World) -> None:
    await town.settled()
    assert await _question(town) is None
    for energy in (12346, 12347):
        await town.say(stop_message(consumptionWh=energy))
    first = await _question(town)
    assert first["kind"] == "conflict"
    refused = {each["decision"] for each in first["options"] if each["refusedBecause"]}
    assert refused == {"assign", "accept"}
    assert (await _decided(town, "discard", questionId=first["id"])).status == 200
    stale = await _decided(town, "discard", questionId=first["id"])
    assert stale.status == 409
    assert "look at it again" in stale.document["detail"]
    assert len((await town.session()).conflicts) == 1
    assert (await _decided(town, "discard", questionId=(await _question(town))["id"])).status == 200
    assert await _question(town) is None


async def test_time_alone_makes_no_other_question(town: World) -> None:
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    before = await _question(town)
    town.clock.move(hours=1)
    await town.wiring.due_work.run()
    assert await _question(town) == before
