"""A line whose fate is not known, or contested, is asked for before it is sent again."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from shared.delivery import DeliveryState
from shared.json_documents import print_json, read_json
from shared.operators import LineLookup, Mode, Scope, State, UtilityCloud
from tests.unit.delivery.progress import delivered, delivery_of, later
from tests.unit.sessions.other_side import WITHOUT_TLS
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN
from tests.unit.sessions.world import World

ID = "1032427936"


async def test_no_connection_is_no_arrival_and_nothing_need_be_asked(connected: World) -> None:
    await connected.operator(utility_cloud=UtilityCloud(invoice_line_url="http://127.0.0.1:9/lines"))
    await connected.settled()
    await connected.deliver_asked()
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.RETRYING, False)
    assert delivery.last_error.startswith("no connection to http://127.0.0.1:9/lines")
    await connected.operator(utility_cloud=UtilityCloud())
    await later(connected, seconds=30)
    await delivered(connected)
    assert await connected.requests() == [("POST", 201)]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:99999/x", "gopher://127.0.0.1/x", "http://[::1", "http://" + "a" * 70]
)
async def test_an_address_that_is_none_is_told_and_loses_nothing(connected: World, address: str) -> None:
    await connected.operator(utility_cloud=UtilityCloud(invoice_line_url=address))
    await connected.settled()
    await connected.deliver_asked()
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.RETRYING, False)


async def test_a_line_cut_before_it_was_stored_is_asked_for_and_sent(connected: World) -> None:
    await connected.fault("invoice-line", "cut-before-store", times=1)
    await connected.settled()
    await connected.deliver_asked()
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.RETRYING, True)
    assert "it may have arrived" in delivery.last_error
    await later(connected, seconds=30)
    await delivered(connected)
    assert await connected.requests() == [("POST", None), ("GET", 404), ("POST", 201)]


async def test_a_line_cut_after_it_was_stored_is_asked_for_and_not_sent_again(connected: World) -> None:
    await connected.fault("invoice-line", "cut-after-store", times=1)
    await connected.settled()
    await connected.deliver_asked()
    await later(connected, seconds=30)
    await delivered(connected)
    assert await connected.requests() == [("POST", None), ("GET", 200)]


async def test_as_long_as_it_cannot_be_asked_it_is_not_sent(connected: World) -> None:
    await connected.fault("invoice-line", "cut-after-store", times=1)
    await connected.fault("invoice-line", "status", status=503, method="GET", times=2)
    await connected.fault("invoice-line", "status", status=405, method="GET", times=1)
    await connected.fault("invoice-line", "cut-before-store", method="GET", times=1)
    await connected.settled()
    await connected.deliver_asked()
    for pause in (30, 120, 600, 1800):
        await later(connected, seconds=pause)
        delivery = await delivery_of(connected)
        assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.RETRYING, True)
    await later(connected, seconds=3600)
    await delivered(connected)
    assert [method for method, _ in await connected.requests()].count("POST") == 1


async def test_where_it_cannot_be_looked_up_the_line_is_sent_again_under_the_same_id(connected: World) -> None:
    await connected.operator(utility_cloud=UtilityCloud(line_lookup=LineLookup.NONE))
    await connected.fault("invoice-line", "cut-after-store", times=1)
    await connected.settled()
    await connected.deliver_asked()
    await later(connected, seconds=30)
    assert (await delivery_of(connected)).state is DeliveryState.DELIVERED
    first, second = await connected.arrived()
    assert first == second
    assert [method for method, _ in await connected.requests()] == ["POST", "POST"]


async def test_of_two_lines_under_one_id_a_person_decides_and_another_try_asks_first(connected: World) -> None:
    await connected.fault("invoice-line", "cut-before-store", times=1)
    await connected.settled()
    await connected.deliver_asked()
    await _somebody_else_writes_the_line(connected)
    await later(connected, seconds=30)
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.REJECTED, True)
    assert delivery.last_error == "Utility Cloud has another line under this id; compare the two"
    await connected.call("retry_delivery", scope=Scope.OPERATOR_ADMIN, path={"transactionId": ID})
    await connected.deliver_asked()
    assert (await delivery_of(connected)).state is DeliveryState.REJECTED
    assert [method for method, _ in await connected.requests()].count("POST") == 2  # ours, and the other's


async def _somebody_else_writes_the_line(connected: World, **changed: Any) -> None:
    operator = await connected.wiring.directory.operator(GLN)
    assert operator is not None
    assert connected.sandbox is not None
    body = read_json((await delivery_of(connected)).payload) | {"authorizedTagName": "somebody else's"} | changed
    async with httpx.AsyncClient(verify=WITHOUT_TLS) as client:
        answer = await client.post(
            f"{connected.sandbox.url}/se/invoicelineimport/v1/transaction",
            content=print_json(body),
            headers={"Authorization": f"Bearer {await connected.tokens.token(operator)}"},
        )
    assert answer.status_code == 201


async def test_a_conflict_about_our_own_line_is_an_arrival(connected: World) -> None:
    await connected.settled()
    await _somebody_else_writes_the_line(connected, authorizedTagName="04A1B2C3D4")  # the very same line
    await connected.fault("invoice-line", "status", status=409, method="POST", times=1)
    await connected.deliver_asked()
    await delivered(connected)
    assert await connected.requests() == [("POST", 201), ("POST", 409), ("GET", 200)]


async def test_a_conflict_about_another_line_is_for_a_person(connected: World) -> None:
    await connected.settled()
    await _somebody_else_writes_the_line(connected)
    await connected.fault("invoice-line", "status", status=409, method="POST", times=1)
    await connected.deliver_asked()
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.REJECTED, True)


async def test_a_conflict_about_a_line_that_is_not_there_is_for_a_person(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=409, method="POST", times=1)
    await connected.settled()
    await connected.deliver_asked()
    delivery = await delivery_of(connected)
    assert delivery.state is DeliveryState.REJECTED
    assert delivery.last_error == "Utility Cloud answered 409, but does not have the line"


@pytest.mark.parametrize("status", [400, 405, 410])
async def test_a_conflict_that_cannot_be_looked_into_is_for_a_person(connected: World, status: int) -> None:
    await connected.fault("invoice-line", "status", status=409, method="POST", times=1)
    await connected.fault("invoice-line", "status", status=status, method="GET", times=1)
    await connected.settled()
    await connected.deliver_asked()
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.REJECTED, True)


async def test_a_conflict_that_cannot_be_looked_into_now_is_looked_into_later(connected: World) -> None:
    await connected.settled()
    await _somebody_else_writes_the_line(connected, authorizedTagName="04A1B2C3D4")
    await connected.fault("invoice-line", "status", status=409, method="POST", times=2)
    await connected.fault("invoice-line", "status", status=503, method="GET", times=1)
    await connected.deliver_asked()
    assert (await delivery_of(connected)).state is DeliveryState.RETRYING
    await later(connected, seconds=30)
    await delivered(connected)


async def test_a_conflict_without_a_lookup_is_for_a_person(connected: World) -> None:
    await connected.operator(utility_cloud=UtilityCloud(line_lookup=LineLookup.NONE))
    await connected.fault("invoice-line", "status", status=409, method="POST", times=1)
    await connected.settled()
    await connected.deliver_asked()
    assert (await delivery_of(connected)).state is DeliveryState.REJECTED
    assert await connected.requests() == [("POST", 409)]


async def test_a_series_is_delivered_and_sent_again_whole_if_it_was_cut_off(connected: World) -> None:
    await connected.operator(OTHER_GLN, mode=Mode.METER_VALUE)
    await connected.contract(gln=OTHER_GLN, owner="735999100000000016")
    await connected.fault("meter-values", "cut-after-store", times=1)
    await connected.settled(gln=OTHER_GLN)
    await connected.deliver_asked()
    await later(connected, seconds=30)
    [delivery] = (await connected.story(gln=OTHER_GLN)).deliveries
    assert delivery.state is DeliveryState.DELIVERED
    first, second = await connected.arrived("meter-values")
    assert first == second
    assert first["AccountingPointIdentifier"] == "735999100000000016"
    assert sum(value["Value"] for value in first["MeterValues"]) * 1000 == 12345
    assert [method for method, _ in await connected.requests()] == ["POST", "POST"]
    assert await connected.arrived() == []


async def test_a_line_waits_for_the_end_of_a_rehearsal(connected: World) -> None:
    await connected.settled()
    await connected.operator(state=State.REHEARSAL)
    await connected.deliver_asked()
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.attempts) == (DeliveryState.RETRYING, 0)
    assert delivery.last_error == "the operator is in rehearsal: nothing is sent"
    assert await connected.requests() == []
    await connected.operator(state=State.LIVE)
    await later(connected, minutes=15)
    await delivered(connected)


async def test_a_line_is_asked_for_at_an_address_that_has_a_query(connected: World) -> None:
    assert connected.sandbox is not None
    address = f"{connected.sandbox.url}/se/invoicelineimport/v1/transaction?code=K"
    await connected.operator(utility_cloud=UtilityCloud(invoice_line_url=address))
    await connected.fault("invoice-line", "cut-after-store", times=1)
    await connected.settled()
    await connected.deliver_asked()
    await later(connected, seconds=30)
    await delivered(connected)
    assert await connected.requests() == [("POST", None), ("GET", 200)]


async def test_a_sender_that_died_before_a_rehearsal_may_have_been_heard(connected: World) -> None:
    operator = await connected.operator()
    await connected.settled()
    await connected.deliver_asked()
    before = await connected.wiring.outbox.delivery(home=operator.home, session_id=ID, transaction_id=ID)
    assert before is not None
    # as if the sender had died after the line was stored there and before it was written down here
    died = replace(before.value, state=DeliveryState.SENDING, due_at=connected.clock.now())
    await connected.wiring.outbox.record_delivery(home=operator.home, before=before, delivery=died)
    await connected.operator(state=State.REHEARSAL)
    await connected.wiring.due_work.run()
    await connected.operator(state=State.LIVE)
    await later(connected, minutes=15)
    await delivered(connected)
    assert await connected.requests() == [("POST", 201), ("GET", 200)]


async def test_a_conflict_that_cannot_be_looked_into_now_leaves_open_whether_the_line_is_there(
    connected: World,
) -> None:
    await connected.fault("invoice-line", "status", status=409, times=1, method="POST")
    await connected.fault("invoice-line", "status", status=503, times=1, method="GET")
    await connected.settled()
    await connected.deliver_asked()
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.RETRYING, True)
    assert not delivery.is_certainly_not_there  # a correction now must credit it, not withdraw it


@pytest.mark.parametrize(
    ("lookup", "is_open"),
    [(LineLookup.NONE, True), (LineLookup.GET, False)],
    ids=["nobody asked", "asked and not there"],
)
async def test_a_refusal_answers_an_earlier_doubt_only_if_the_line_was_asked_for(
    connected: World, lookup: LineLookup, is_open: bool
) -> None:
    await connected.operator(utility_cloud=UtilityCloud(line_lookup=lookup))
    await connected.fault("invoice-line", "cut-before-store", times=1)
    await connected.settled()
    await connected.deliver_asked()
    await connected.fault("invoice-line", "status", status=422, times=1, method="POST")
    await later(connected, seconds=30)
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.REJECTED, is_open)


async def test_a_credit_of_a_line_that_utility_cloud_says_it_has_does_not_wait_for_ever(connected: World) -> None:
    await connected.operator(utility_cloud=UtilityCloud(line_lookup=LineLookup.NONE))
    await connected.fault("invoice-line", "cut-after-store", times=1)
    await connected.settled()
    await connected.deliver_asked()
    await connected.fault("invoice-line", "status", status=409, times=1, method="POST")
    await later(connected, seconds=30)
    assert (await delivery_of(connected)).state is DeliveryState.REJECTED
    credited = await connected.call(
        "credit_transaction", scope=Scope.OPERATOR_ADMIN, path={"transactionId": ID}, body={"reason": "not theirs"}
    )
    assert credited.document == {"creditTransactionId": f"{ID}-C1"}
    await later(connected, minutes=20)
    assert [line["transactionId"] for line in await connected.arrived()] == [ID, f"{ID}-C1"]
