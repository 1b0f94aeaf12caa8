"""Answers that no decent Utility Cloud gives, or Entra: told, bounded, and nothing is lost or doubled."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest

from shared.delivery import DeliveryState, EntraTokens, TokenUnavailable
from shared.delivery.relay import SENDER_GIVEN_UP_AFTER
from shared.delivery.utility_cloud import LONGEST_ATTEMPT
from shared.operators import LineLookup, UtilityCloud
from tests.passing_time import let_pass
from tests.unit.delivery.odd_server import OddServer, answer, broken_off, held, very_long
from tests.unit.sessions.platform_messages import GLN, NOW, OTHER_GLN, stop_message
from tests.unit.sessions.world import World


async def _sent(connected: World, server: OddServer, **utility_cloud: Any) -> Any:
    await connected.operator(utility_cloud=UtilityCloud(invoice_line_url=server.url, **utility_cloud))
    await connected.settled()
    await connected.deliver_asked()
    [delivery] = (await connected.story()).deliveries
    return delivery


async def test_retry_after_as_a_date_is_honoured(connected: World, server: OddServer) -> None:
    date = (NOW + timedelta(minutes=20)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    server.answers += [answer(503, Retry_After=date)]
    assert (await _sent(connected, server)).due_at == NOW + timedelta(minutes=20)


async def test_retry_after_is_not_honoured_for_more_than_a_day(connected: World, server: OddServer) -> None:
    server.answers += [answer(429, Retry_After="99999999")]
    assert (await _sent(connected, server)).due_at == NOW + timedelta(days=1)


@pytest.mark.parametrize("status", [301, 302, 304, 307, 399])
async def test_a_redirect_is_not_followed_with_a_line_and_a_token(
    connected: World, server: OddServer, status: int
) -> None:
    server.answers += [answer(status, b"", Location="http://127.0.0.1:9/elsewhere")]
    delivery = await _sent(connected, server)
    assert (delivery.state, len(server.seen)) == (DeliveryState.RETRYING, 1)


async def test_an_arrival_whose_body_breaks_off_is_an_arrival(connected: World, server: OddServer) -> None:
    server.answers += [broken_off(201)]
    assert (await _sent(connected, server)).state is DeliveryState.DELIVERED


async def test_a_refusal_that_echoes_our_token_shows_it_to_nobody(connected: World, server: OddServer) -> None:
    server.answers += [answer(400, b'{"request": {"headers": {"Authorization": "Bearer eyJh.echoed"}}}')]
    delivery = await _sent(connected, server)
    assert delivery.state is DeliveryState.REJECTED
    assert "eyJh.echoed" not in delivery.last_error
    assert "eyJh.echoed" not in str(await connected.log())


async def test_an_answer_without_an_end_is_read_so_far_and_no_further(connected: World, server: OddServer) -> None:
    server.answers += [very_long(400)]
    delivery = await _sent(connected, server)
    assert delivery.state is DeliveryState.REJECTED
    assert len(str(delivery.last_error)) < 1000
    [entry] = await connected.log(responseCode="400")
    assert len(entry["answer"]) == 64_000


@pytest.mark.parametrize("body", [b"", b"<html>sign in</html>", b"[1]", b"null", b"\xff", b"{" * 500])
async def test_a_lookup_that_makes_no_sense_never_becomes_a_second_line(
    connected: World, server: OddServer, body: bytes
) -> None:
    server.answers += [broken_off(None), answer(200, body)]
    await _sent(connected, server)
    connected.clock.move(seconds=30)
    await connected.wiring.due_work.run()
    [delivery] = (await connected.story()).deliveries
    assert delivery.state in {DeliveryState.RETRYING, DeliveryState.REJECTED}
    assert delivery.unknown_outcome
    assert [method for method, _ in server.seen] == ["POST", "GET"]


async def test_a_cookie_of_one_operator_never_goes_out_with_another_ones_line(
    connected: World, server: OddServer
) -> None:
    await connected.operator(OTHER_GLN, default_tariff_id="flat")
    await connected.tariff("flat", gln=OTHER_GLN)
    await connected.contract(gln=OTHER_GLN)
    cookie = answer(201, Set_Cookie="session=of-the-first; Path=/")
    server.answers += [cookie, cookie]
    await _sent(connected, server)
    await connected.operator(OTHER_GLN, utility_cloud=UtilityCloud(invoice_line_url=server.url))
    await connected.settled(gln=OTHER_GLN)
    await connected.deliver_asked()
    assert len(server.seen) == 2
    assert not any("cookie" in headers for _, headers in server.seen)


async def test_what_is_sent_says_what_it_is(connected: World, server: OddServer) -> None:
    server.answers += [answer(201)]
    await _sent(connected, server)
    [(method, headers)] = server.seen
    assert method == "POST"
    assert headers["content-type"] == "application/json"
    assert headers["authorization"].startswith("Bearer ")
    assert "tenant" not in headers


async def test_the_tenant_is_named_where_the_operator_wants_it(connected: World, server: OddServer) -> None:
    server.answers += [answer(201)]
    await _sent(connected, server, send_tenant_header=True)
    [(_, headers)] = server.seen
    assert headers["tenant"] == GLN


async def test_an_attempt_ends_long_before_its_sender_is_given_up(connected: World, server: OddServer) -> None:
    freed = threading.Event()
    server.answers += [held(freed, answer(201))]
    connected.send_for(timedelta(seconds=15))  # before the client loses its own patience
    sending = asyncio.create_task(_sent(connected, server))
    await server.until_seen(1)
    let_pass(15)
    delivery = await sending
    freed.set()
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.RETRYING, True)
    assert "attempt-given-up" in [entry["action"] for entry in await connected.log()]
    assert LONGEST_ATTEMPT + timedelta(seconds=30) < SENDER_GIVEN_UP_AFTER  # what storage may take before and after


async def test_an_attempt_that_ends_before_the_line_was_on_its_way_has_not_arrived(connected: World) -> None:
    connected.send_for(timedelta(seconds=0.2))
    await connected.fault("token", "delay", seconds=1, times=1)
    await connected.settled()
    await connected.deliver_asked()
    [delivery] = (await connected.story()).deliveries
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.RETRYING, False)


# What a proxy, a captive portal or a broken Entra may answer.
ODD_TOKENS = {
    "nothing": answer(200, b"", content_type="application/json"),
    "no token": answer(200, b'{"token_type": "Bearer", "expires_in": 3600}', content_type="application/json"),
    "no end": answer(200, b'{"access_token": "x"}', content_type="application/json"),
    "a list": answer(200, b"[1, 2]", content_type="application/json"),
    "a text": answer(200, b'"token"', content_type="application/json"),
    "a page": answer(200, b"<html>sign in</html>", content_type="text/html"),
    "half a body": broken_off(200),
    "silence": broken_off(None),
    "a strange end": answer(200, b'{"access_token": "x", "expires_in": "soon"}', content_type="application/json"),
}


@pytest.mark.parametrize("what", ODD_TOKENS)
async def test_an_odd_answer_of_the_token_endpoint_is_tried_again(
    connected: World, entra: OddServer, what: str
) -> None:
    operator = await connected.wiring.directory.operator(GLN)
    assert operator is not None
    entra.answers += [ODD_TOKENS[what]]
    tokens = EntraTokens(secrets=connected.wiring.secrets, authority=entra.url, ca_bundle=str(entra.ca))
    with pytest.raises(TokenUnavailable) as unavailable:
        await tokens.token(operator)
    await tokens.aclose()
    assert unavailable.value.explanation.startswith("no token: ")
    assert len(entra.seen) == 1


async def test_an_operator_without_a_lookup_is_never_asked(connected: World, server: OddServer) -> None:
    server.answers += [broken_off(None), answer(201)]
    await _sent(connected, server, line_lookup=LineLookup.NONE)
    connected.clock.move(seconds=30)
    await connected.wiring.due_work.run()
    assert [method for method, _ in server.seen] == ["POST", "POST"]
    assert (await connected.say(stop_message())).document["status"] == "duplicate"
