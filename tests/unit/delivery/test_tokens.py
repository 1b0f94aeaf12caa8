"""Tokens: one request for many deliveries, a fresh one when it is refused, and faults that lose no line."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.sandbox.demo_operators import EXPIRED_CLIENT_SECRET
from shared.delivery import DeliveryState, EntraTokens, TokenRefused, TokenUnavailable
from shared.delivery.entra_tokens import LONGEST_REQUEST
from shared.operators import Operator, SecretName
from tests.passing_time import let_pass
from tests.unit.sessions.platform_messages import GLN, NOW, OTHER_GLN, stop_message
from tests.unit.sessions.world import World

ID = "1032427936"


async def _operator(connected: World) -> Operator:
    operator = await connected.wiring.directory.operator(GLN)
    assert operator is not None
    return operator


async def _with_secret(connected: World, secret: str) -> Operator:
    operator = await _operator(connected)
    assert operator.entra is not None
    version = await connected.wiring.secrets.write(gln=GLN, name=SecretName.ENTRA_CLIENT_SECRET, secret=secret)
    return await connected.operator(entra=replace(operator.entra, client_secret=version))


async def _token_requests(connected: World) -> list[dict[str, Any]]:
    return [each for each in await connected.seen("requests") if each["path"].endswith("/token")]


async def _until_asked(connected: World) -> None:
    async with asyncio.timeout(30):
        while not await _token_requests(connected):  # noqa: ASYNC110  the sandbox cannot call back
            await asyncio.sleep(0.005)


async def _sent(connected: World) -> Any:
    await connected.settled()
    await connected.deliver_asked()
    [delivery] = (await connected.story()).deliveries
    return delivery


async def test_many_deliveries_at_once_ask_for_one_token(connected: World) -> None:
    operator = await _operator(connected)
    tokens = await asyncio.gather(*(connected.tokens.token(operator) for _ in range(20)))
    assert len(set(tokens)) == 1
    assert len(await _token_requests(connected)) == 1


async def test_a_fresh_token_is_another_one_and_the_one_used_from_then_on(connected: World) -> None:
    operator = await _operator(connected)
    old = await connected.tokens.token(operator)
    fresh = await connected.tokens.token(operator, fresh=True)
    assert old != fresh
    assert await connected.tokens.token(operator) == fresh


async def test_a_new_secret_is_used_at_once(connected: World) -> None:
    with pytest.raises(TokenRefused):
        await connected.tokens.token(await _with_secret(connected, "wrong"))
    right = "sandbox-only-secret-of-7080000000005"
    assert await connected.tokens.token(await _with_secret(connected, right))


@pytest.mark.parametrize(("secret", "code"), [("wrong", "AADSTS7000215"), (EXPIRED_CLIENT_SECRET, "AADSTS7000222")])
async def test_a_refused_credential_rejects_no_line_and_loses_none(connected: World, secret: str, code: str) -> None:
    await _with_secret(connected, secret)
    delivery = await _sent(connected)
    assert (delivery.state, delivery.due_at) == (DeliveryState.BLOCKED, None)
    assert code in delivery.last_error
    assert secret not in delivery.last_error
    assert await connected.requests() == []
    [entry] = await connected.log(action="get-token")
    assert (entry["responseCode"], code in entry["message"]) == (401, True)
    await _with_secret(connected, "sandbox-only-secret-of-7080000000005")
    await connected.wiring.probing.run()
    await connected.wiring.background.settle()
    assert len(await connected.arrived()) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_every_4xx_of_the_token_endpoint_is_a_fault_of_the_credential(connected: World, status: int) -> None:
    await connected.fault("token", "status", status=status, times=1)
    with pytest.raises(TokenRefused) as refused:
        await connected.tokens.token(await _operator(connected))
    assert refused.value.status == status


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_but_408_and_429_and_everything_else_passes(connected: World, status: int) -> None:
    await connected.fault("token", "status", status=status, times=1)
    with pytest.raises(TokenUnavailable) as unavailable:
        await connected.tokens.token(await _operator(connected))
    assert unavailable.value.status == status
    assert len(await _token_requests(connected)) == 1  # the schedule decides, not the SDK


async def test_a_busy_token_endpoint_is_asked_again_when_it_wants_to(connected: World) -> None:
    await connected.fault("token", "status", status=429, retryAfter=900, times=1)
    delivery = await _sent(connected)
    assert (delivery.state, delivery.due_at) == (DeliveryState.RETRYING, NOW + timedelta(seconds=900))
    assert not delivery.unknown_outcome


async def test_a_slow_token_endpoint_is_not_waited_for(connected: World) -> None:
    await connected.fault("token", "delay", seconds=60, times=1)
    sending = asyncio.create_task(_sent(connected))
    await _until_asked(connected)
    let_pass(LONGEST_REQUEST.total_seconds())
    delivery = await sending
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.RETRYING, False)
    assert delivery.last_error == "no token: Entra does not answer (TimeoutError)"


async def test_a_token_endpoint_that_hangs_up_is_asked_again(connected: World) -> None:
    await connected.fault("token", "cut-before-store", times=1)
    delivery = await _sent(connected)
    assert delivery.state is DeliveryState.RETRYING
    assert delivery.last_error.startswith("no token: Entra does not answer")
    connected.clock.move(seconds=30)
    await connected.wiring.due_work.run()
    assert len(await connected.arrived()) == 1


async def test_a_token_endpoint_that_is_not_there_is_asked_again(connected: World) -> None:
    tokens = EntraTokens(secrets=connected.wiring.secrets, authority="https://127.0.0.1:9", ca_bundle=None)
    with pytest.raises(TokenUnavailable):
        await tokens.token(await _operator(connected))
    await tokens.aclose()


async def test_an_operator_without_a_secret_is_told_what_is_missing(connected: World) -> None:
    await connected.operator(entra=None)
    delivery = await _sent(connected)
    assert delivery.state is DeliveryState.BLOCKED
    assert "entra.clientSecret is not set" in delivery.last_error


async def test_a_secret_that_cannot_be_read_is_read_again_later(connected: World) -> None:
    operator = await _operator(connected)
    assert operator.entra is not None
    await connected.operator(entra=replace(operator.entra, client_secret="a version that was never written"))
    delivery = await _sent(connected)
    assert delivery.state is DeliveryState.RETRYING
    assert delivery.last_error.startswith("no token: an operator's secret is not to be had")


async def test_a_token_that_is_refused_and_then_a_refused_credential(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=401, times=1)
    await connected.settled()
    await connected.tokens.token(await _operator(connected))
    await connected.fault("token", "status", status=400, times=1)
    await connected.deliver_asked()
    [delivery] = (await connected.story()).deliveries
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.BLOCKED, False)
    assert await connected.requests() == [("POST", 401)]


async def test_one_operators_slow_token_endpoint_holds_up_nobody_else(connected: World) -> None:
    await connected.operator(OTHER_GLN, default_tariff_id="flat")
    await connected.tariff("flat", gln=OTHER_GLN)
    await connected.contract(gln=OTHER_GLN)
    await connected.fault("token", "delay", seconds=60, gln=GLN)
    await connected.settled()
    await connected.settled(stop_message(transactionId="2"), gln=OTHER_GLN)
    slow = asyncio.create_task(connected.deliver(ID))
    await _until_asked(connected)
    assert await connected.deliver("2", gln=OTHER_GLN) is DeliveryState.DELIVERED
    assert not slow.done()
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
