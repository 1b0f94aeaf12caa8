"""Each row of the table of failures, for lines and for meter values."""

from datetime import timedelta
from typing import Any

import pytest

from shared.delivery import DeliveryState
from shared.operators import Mode
from tests.unit.delivery.progress import blocked, delivery_of, later, probed
from tests.unit.sessions.platform_messages import NOW
from tests.unit.sessions.world import World

MODES = [Mode.COSTED_TRANSACTION, Mode.METER_VALUE]


@pytest.fixture(params=MODES)
async def target(request: pytest.FixtureRequest, connected: World) -> str:
    """What a fault must aim at: the operator's lines go as costed transactions, or as meter values."""
    await connected.operator(mode=request.param)
    return "invoice-line" if request.param is Mode.COSTED_TRANSACTION else "meter-values"


async def _sent(connected: World, **fault: Any) -> Any:
    await connected.fault(**fault)
    await connected.settled()
    await connected.deliver_asked()
    return await delivery_of(connected)


async def _arrived(connected: World) -> list[dict[str, Any]]:
    return await connected.arrived() + await connected.arrived("meter-values")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_2xx_is_delivered(connected: World, target: str, status: int) -> None:
    delivery = await _sent(connected, target=target, kind="status", status=status, times=1)
    assert delivery.state is DeliveryState.DELIVERED


@pytest.mark.parametrize("status", [400, 402, 406, 409, 410, 413, 422, 451])
async def test_other_4xx_are_rejected_for_a_person(connected: World, target: str, status: int) -> None:
    delivery = await _sent(connected, target=target, kind="status", status=status, times=1, method="POST")
    assert (delivery.state, delivery.due_at) == (DeliveryState.REJECTED, None)
    assert f"Utility Cloud answered {status}" in delivery.last_error
    assert await blocked(connected) is None
    await later(connected, days=31)
    assert await _arrived(connected) == []


@pytest.mark.parametrize("status", [401, 403])
async def test_401_and_403_get_one_fresh_token_and_then_block_the_operator(
    connected: World, target: str, status: int
) -> None:
    delivery = await _sent(connected, target=target, kind="status", status=status, times=2)
    assert (delivery.state, delivery.due_at, delivery.unknown_outcome) == (DeliveryState.BLOCKED, None, False)
    assert await connected.requests() == [("POST", status), ("POST", status)]
    tokens = [each for each in await connected.seen("requests") if each["path"].endswith("/token")]
    assert len(tokens) == 2
    shown = await blocked(connected)
    assert (shown["kind"], shown["since"]) == ("credential", "2026-01-16T08:00:00Z")
    assert shown["reason"] == f"Utility Cloud answered {status} to a fresh token"


@pytest.mark.parametrize("status", [404, 405])
async def test_404_and_405_say_that_the_address_is_wrong(connected: World, target: str, status: int) -> None:
    delivery = await _sent(connected, target=target, kind="status", status=status, times=1)
    assert (delivery.state, delivery.due_at) == (DeliveryState.BLOCKED, None)
    assert len(await connected.requests()) == 1
    shown = await blocked(connected)
    assert shown["kind"] == "address"
    assert shown["reason"].startswith(f"Utility Cloud answered {status}: the address http://127.0.0.1:")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_what_will_pass_is_retried_on_the_schedule_or_when_it_is_wanted(
    connected: World, target: str, status: int
) -> None:
    delivery = await _sent(connected, target=target, kind="status", status=status, method="POST", times=2)
    assert (delivery.state, delivery.due_at) == (DeliveryState.RETRYING, NOW + timedelta(seconds=30))
    await connected.fault(target, "status", status=status, method="POST", retryAfter=600, times=1)
    await later(connected, seconds=30)
    assert (await delivery_of(connected)).due_at == NOW + timedelta(seconds=30 + 120)
    await later(connected, seconds=120)
    assert (await delivery_of(connected)).due_at == NOW + timedelta(seconds=150 + 600)
    await later(connected, seconds=600)
    assert (await delivery_of(connected)).state is DeliveryState.DELIVERED
    assert len(await _arrived(connected)) == 1


@pytest.mark.parametrize("kind", ["cut-before-store", "cut-after-store"])
async def test_no_answer_is_unknown_and_the_same_again_makes_it_known(connected: World, target: str, kind: str) -> None:
    delivery = await _sent(connected, target=target, kind=kind, times=1)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.RETRYING, True)
    await later(connected, seconds=30)
    assert (await delivery_of(connected)).state is DeliveryState.DELIVERED
    arrived = await _arrived(connected)
    assert all(each == arrived[0] for each in arrived)
    twice = target == "meter-values" and kind == "cut-after-store"
    assert len(arrived) == (2 if twice else 1)  # a series cannot be asked for: the identical one goes again
    methods = [method for method, _ in await connected.requests()]
    assert methods.count("GET") == (1 if target == "invoice-line" else 0)


async def test_an_unknown_outcome_is_still_unknown_after_the_operator_was_blocked(
    connected: World, target: str
) -> None:
    await _sent(connected, target=target, kind="cut-after-store", times=1)
    await connected.fault(target, "status", status=403, times=2)
    await later(connected, seconds=30)
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.BLOCKED, True)
    await probed(connected, minutes=1)
    assert (await delivery_of(connected)).state is DeliveryState.DELIVERED
    assert len(await _arrived(connected)) == (1 if target == "invoice-line" else 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_token_endpoint_that_answers_4xx_blocks_the_operator(
    connected: World, target: str, status: int
) -> None:
    delivery = await _sent(connected, target="token", kind="status", status=status, times=1)
    assert (delivery.state, delivery.attempts) == (DeliveryState.BLOCKED, 1)
    shown = await blocked(connected)
    assert shown["kind"] == "token"
    assert shown["reason"].startswith(f"no token: Entra answered {status}: ")
    assert await connected.requests() == []


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_but_its_408_and_429_pass_and_so_does_what_is_its_own_fault(
    connected: World, target: str, status: int
) -> None:
    delivery = await _sent(connected, target="token", kind="status", status=status, times=1)
    assert (delivery.state, delivery.due_at) == (DeliveryState.RETRYING, NOW + timedelta(seconds=30))
    assert await blocked(connected) is None
    await later(connected, seconds=30)
    assert (await delivery_of(connected)).state is DeliveryState.DELIVERED
