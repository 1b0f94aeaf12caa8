"""The log says what was asked, of whom, and how long it took."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from functions.http_endpoint import ENDPOINTS, Call, answered
from shared.contracts import Envelope, PoisonEvent
from shared.operators import Caller, Scope
from tests.unit.pages.visitor import Visitor
from tests.unit.sessions.platform_messages import CHARGER, GLN, OWNER, TAG, start_message, stop_message
from tests.unit.sessions.world import World

LISTED = "list-transactions"


async def asks(town: World, endpoint: str = "list_transactions", **more: Any) -> int:
    """Utility Cloud asks, and is answered so."""
    return (await town.call(endpoint, scope=Scope.UTILITY_CLOUD, **more)).status


async def test_a_question_for_lines_says_what_was_asked_and_of_whom(town: World) -> None:
    await town.settled()
    query = {"transactionOwnerId": OWNER, "from": "2026-01-01T00:00:00Z", "limit": "7"}
    assert await asks(town, query=query) == 200
    [entry] = await town.log(referenceId=OWNER, action=LISTED)
    assert (entry["payload"], entry["referenceId"]) == (query, OWNER)
    assert entry["answer"]["items"][0]["transactionId"] == "1032427936"


async def test_a_question_that_is_refused_says_what_was_asked_too(town: World) -> None:
    query = {"transactionOwnerId": OWNER, "from": "yesterday", "unheardOf": "x", "clientSecret": "s3cr3t"}
    assert await asks(town, query=query) == 422
    [entry] = await town.log(referenceId=OWNER, action=LISTED)
    assert (entry["responseCode"], entry["payload"]) == (422, {**query, "clientSecret": "***"})


async def test_a_question_for_all_lines_has_no_reference_and_without_a_query_no_payload(town: World) -> None:
    assert await asks(town) == 200
    assert await asks(town, query={"limit": "1"}) == 200
    assert await asks(town, query={"transactionOwnerId": ""}) == 422
    asked = [(each["referenceId"], each["payload"]) for each in await town.log(action=LISTED)]
    assert sorted(asked, key=str) == [(None, None), (None, {"limit": "1"}), (None, {"transactionOwnerId": ""})]


@pytest.mark.parametrize("owner", ["x" * 5_000, "東京|/?#", "half \ud800 of a pair"])
async def test_no_owner_is_too_odd_to_be_written_down(town: World, owner: str) -> None:
    assert await asks(town, query={"transactionOwnerId": owner}) in {200, 422}
    [entry] = await town.log(action=LISTED)
    assert entry["referenceId"]
    assert len(entry["referenceId"]) <= 64


async def test_a_driver_and_a_transaction_are_asked_for_by_their_reference(town: World) -> None:
    await town.settled()
    assert await asks(town, "get_driver", path={"externalId": OWNER}, query={"why": "because"}) == 200
    assert await asks(town, "get_transaction", path={"transactionId": "1032427936"}) == 200
    [of_driver] = await town.log(referenceId=OWNER, action="get-driver")
    [of_line] = await town.log(referenceId="1032427936", action="get-transaction")
    assert (of_driver["payload"], of_line["payload"]) == ({"why": "because"}, None)


async def test_what_utility_cloud_only_asked_of_an_accounting_point_is_no_part_of_its_story(town: World) -> None:
    assert await asks(town, query={"transactionOwnerId": OWNER}) == 200
    assert await town.log(referenceId=OWNER, action=LISTED)
    assert LISTED not in (await Visitor().get(f"/integrations/{GLN}/story/{OWNER}")).text


async def started(town: World) -> None:
    """A session starts."""
    await town.say(start_message(transactionId="1"))


async def stopped(town: World) -> None:
    """A session stops."""
    await town.say(stop_message(transactionId="1"))


async def refused(town: World) -> None:
    """A tag that nobody has is shown."""
    await town.say({"charger_id": CHARGER, "rfid_tag_id": "04EEEEEEEE"})


async def told(town: World) -> None:
    """A contract changes."""
    await town.contract("ContractUpdated", rfid="0BADCAFE")


async def told_wrongly(town: World) -> None:
    """A contract event that is none."""
    body = b'{"Header": {"EventName": "ContractActivated", "TenantID": "%s"}}' % GLN.encode()
    envelope = Envelope(
        body=body, message_id="m", enqueued_at=town.clock.now(), sequence_number=7, subject=None, properties={}
    )
    with pytest.raises(PoisonEvent):
        await town.wiring.provisioning.carry_out(envelope)


HAPPENS = {
    "session-started": started,
    "session-stopped": stopped,
    "authorization-refused": refused,
    "ContractUpdated": told,
    "ContractEventRefused": told_wrongly,
}


@pytest.mark.parametrize("action", HAPPENS)
async def test_it_says_how_long_it_took(town: World, action: str) -> None:
    happens: Callable[[World], Awaitable[None]] = HAPPENS[action]
    await happens(town)
    [entry] = await town.log(action=action)
    assert 0 <= entry["durationMs"] < 60_000


async def test_what_a_charger_waited_for_its_no_is_counted_from_the_requests_arrival(town: World) -> None:
    question = json.dumps({"charger_id": CHARGER, "rfid_tag_id": TAG + "FF"}).encode()
    operator = await town.operator()
    call = Call(
        caller=Caller(gln=GLN, scope=Scope.CHARGING_PLATFORM, key_id="k", label="k"),
        path={},
        headers={},
        raw_body=question,
        received_at=town.clock.now(),
        known_operator=operator,
    )
    spec, arrived_at = ENDPOINTS["charging_event"], time.time_ns() - 5_000_000_000
    await answered(spec, replace(call, arrived_at=arrived_at), {})
    await answered(spec, replace(call, arrived_at=time.time_ns() + 10**12), {})  # the machine's clock was put back
    await answered(spec, call, {})
    waited = [each["durationMs"] for each in await town.log(action="authorization-refused")]
    assert (waited.count(None), waited.count(0)) == (1, 1)
    assert any(5_000 <= each < 60_000 for each in waited if each is not None)
