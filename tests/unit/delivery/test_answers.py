"""What each answer of Utility Cloud comes to."""

from datetime import timedelta

import pytest

from shared.delivery import DeliveryState
from shared.operators import Scope
from tests.unit.delivery.progress import delivered, delivery_of, later
from tests.unit.sessions.platform_messages import GLN, NOW, stop_message
from tests.unit.sessions.world import World

ID = "1032427936"
RETRY_LATER = [408, 425, 429, 500, 502, 503, 504, 599]


async def test_a_line_that_is_taken_is_delivered(connected: World) -> None:
    await connected.settled()
    await connected.deliver_asked()
    await delivered(connected)
    assert await connected.requests() == [("POST", 201)]
    [attempt] = (await connected.story()).attempts
    assert (attempt.number, attempt.response_code, attempt.outcome) == (1, 201, "Utility Cloud answered 201")


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_every_2xx_is_an_arrival(connected: World, status: int) -> None:
    await connected.fault("invoice-line", "status", status=status, times=1)
    await connected.settled()
    await connected.deliver_asked()
    assert (await delivery_of(connected)).state is DeliveryState.DELIVERED


async def test_what_was_delivered_is_not_sent_again(connected: World) -> None:
    await connected.settled()
    await connected.deliver_asked()
    assert await connected.deliver(ID) is DeliveryState.DELIVERED
    await later(connected, days=1)
    assert await connected.requests() == [("POST", 201)]


async def test_each_request_is_in_the_log_and_no_secret_is(connected: World) -> None:
    await connected.settled()
    await connected.deliver_asked()
    entries = {entry["action"]: entry for entry in await connected.log(referenceId=ID)}
    assert len(entries) == 3
    sent, token = entries["send-utility-cloud-invoice-line"], entries["get-token"]
    assert (sent["direction"], sent["responseCode"]) == ("out", 201)
    assert sent["payload"] == (await connected.arrived())[0]
    assert sent["answer"] == {"transactionId": ID}
    assert sent["durationMs"] >= 0
    assert (token["direction"], token["responseCode"]) == ("out", 200)
    everything = str(await connected.log())
    assert "sandbox-only-secret" not in everything
    assert "Bearer" not in everything
    operator = await connected.wiring.directory.operator(GLN)
    assert operator is not None
    assert await connected.tokens.token(operator) not in everything


@pytest.mark.parametrize("status", [400, 402, 406, 410, 413, 415, 422, 451])
async def test_any_other_4xx_rejects_the_line_for_a_person(connected: World, status: int) -> None:
    await connected.fault("invoice-line", "status", status=status, times=1)
    await connected.settled()
    await connected.deliver_asked()
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.due_at) == (DeliveryState.REJECTED, None)
    assert delivery.last_error.startswith(f"Utility Cloud answered {status}: ")
    await later(connected, days=31)
    assert len(await connected.requests()) == 1


async def test_a_rejected_line_is_sent_again_when_a_person_wants_it(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=400, times=1)
    await connected.settled()
    await connected.deliver_asked()
    reply = await connected.call("retry_delivery", scope=Scope.OPERATOR_ADMIN, path={"transactionId": ID})
    assert (reply.status, reply.document) == (202, {"transactionId": ID, "state": "retrying"})
    await connected.deliver_asked()
    await delivered(connected)
    assert "delivery-retried" in [entry["action"] for entry in await connected.log(referenceId=ID)]


@pytest.mark.parametrize("status", RETRY_LATER)
async def test_what_may_pass_is_tried_again_on_the_schedule_and_arrives_once(connected: World, status: int) -> None:
    await connected.fault("invoice-line", "status", status=status, method="POST", times=2)
    await connected.settled()
    await connected.deliver_asked()
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.due_at) == (DeliveryState.RETRYING, NOW + timedelta(seconds=30))
    assert delivery.last_error == f"Utility Cloud answered {status}"
    await later(connected, seconds=29)
    assert (await delivery_of(connected)).attempts == 1
    await later(connected, seconds=1)
    delivery = await delivery_of(connected)
    assert (delivery.attempts, delivery.due_at) == (2, NOW + timedelta(seconds=150))
    await later(connected, seconds=120)
    await delivered(connected)


@pytest.mark.parametrize("status", [429, 503, 500])
async def test_retry_after_is_honoured(connected: World, status: int) -> None:
    await connected.fault("invoice-line", "status", status=status, retryAfter=600, times=1)
    await connected.settled()
    await connected.deliver_asked()
    assert (await delivery_of(connected)).due_at == NOW + timedelta(seconds=600)
    await later(connected, seconds=599)
    assert len(await connected.arrived()) == 0
    await later(connected, seconds=1)
    await delivered(connected)


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_what_broke_over_there_may_have_stored_the_line_so_it_is_asked_first(
    connected: World, status: int
) -> None:
    await connected.fault("invoice-line", "status", status=status, method="POST", times=1)
    await connected.settled()
    await connected.deliver_asked()
    await later(connected, seconds=30)
    await delivered(connected)
    assert await connected.requests() == [("POST", status), ("GET", 404), ("POST", 201)]


async def test_one_refusal_of_the_token_gets_a_fresh_one(connected: World) -> None:
    await connected.settled()
    await connected.deliver_asked()
    await connected.fault("invoice-line", "status", status=401, times=1)
    await connected.settled(stop_message(transactionId="2"))
    await connected.deliver_asked()
    assert len(await connected.arrived()) == 2
    assert await connected.requests() == [("POST", 201), ("POST", 401), ("POST", 201)]
    tokens = [each for each in await connected.seen("requests") if each["path"].endswith("/token")]
    assert len(tokens) == 2
