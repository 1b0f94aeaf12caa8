"""An address that leads into our own network blocks the operator; nothing is sent there, and nothing is lost."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from shared.delivery import ConnectionTest, DeliveryState
from shared.delivery.utility_cloud import LONGEST_ATTEMPT
from shared.http_client import HttpClient
from shared.http_requests import HttpAnswer, HttpRequests
from shared.operators import LineLookup, Mode, Scope, UtilityCloud
from tests.unit.charging_platform.platform_side import asks, state
from tests.unit.delivery.progress import blocked, delivered, delivery_of, later, probed
from tests.unit.http_client.names import Names
from tests.unit.sessions.world import World

ELSEWHERE = "https://lines.example.com/lines"
INSIDE = "does not lead to the public internet"


@dataclass
class Sending:
    """Sends by one client, later by another."""

    by: HttpRequests

    async def request(self, method: str, url: str, **how: Any) -> HttpAnswer:
        """See `HttpRequests`."""
        return await self.by.request(method, url, **how)


@pytest.fixture
def sending(connected: World) -> Sending:
    """What lines are sent by."""
    connected.client = sending = Sending(by=connected.own_client)
    connected.send_for(LONGEST_ATTEMPT)
    return sending


@asynccontextmanager
async def as_on_azure(sending: Sending) -> AsyncIterator[Names]:
    """Requests go to the public internet only, and every name leads inside, until it is over."""
    names, before = Names([["10.0.0.1"]]), sending.by
    async with aclosing(HttpClient(allow_local=False, resolver=names)) as sending.by:
        yield names
    sending.by = before


async def test_the_operator_is_blocked_and_let_go_when_the_address_is_right(connected: World, sending: Sending) -> None:
    await connected.operator(utility_cloud=UtilityCloud(invoice_line_url=ELSEWHERE))
    async with as_on_azure(sending) as names:
        await connected.settled()
        await connected.deliver_asked()
        delivery = await delivery_of(connected)
        assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.BLOCKED, False)
        shown = await blocked(connected)
        assert (shown["kind"], shown["reason"]) == ("address", f"not sent to {ELSEWHERE}: lines.example.com {INSIDE}")
        await probed(connected, minutes=1)
        assert await blocked(connected) is not None
        assert set(names.asked) == {"lines.example.com"}
        assert await connected.requests() == []
    await connected.operator(utility_cloud=UtilityCloud())
    await probed(connected, minutes=1)
    await delivered(connected)
    assert await blocked(connected) is None
    assert await connected.requests() == [("POST", 201)]


@pytest.mark.parametrize("address", ["https://10.0.0.1/lines", "http://lines.example.com/lines"])
async def test_so_is_one_whose_address_was_put_where_that_was_allowed(
    connected: World, sending: Sending, address: str
) -> None:
    await connected.operator(utility_cloud=UtilityCloud(invoice_line_url=address))
    async with as_on_azure(sending) as names:
        await connected.settled()
        await connected.deliver_asked()
        assert (await blocked(connected))["kind"] == "address"
        assert names.asked == []


async def test_a_line_that_may_have_arrived_still_may(connected: World, sending: Sending) -> None:
    await connected.fault("invoice-line", "cut-after-store", times=1)
    await connected.settled()
    await connected.deliver_asked()
    assert (await delivery_of(connected)).unknown_outcome
    await connected.operator(utility_cloud=UtilityCloud(invoice_line_url=ELSEWHERE))
    async with as_on_azure(sending):
        await later(connected, seconds=30)
        delivery = await delivery_of(connected)
        assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.BLOCKED, True)
        assert "asked whether the line is there: not sent" in (await blocked(connected))["reason"]
    await connected.operator(utility_cloud=UtilityCloud())
    await probed(connected, minutes=1)
    assert (await delivery_of(connected)).state is DeliveryState.DELIVERED
    assert len(await connected.arrived()) == 1


async def test_the_connection_test_says_so_and_connects_to_nothing(connected: World, sending: Sending) -> None:
    await connected.operator(utility_cloud=UtilityCloud(invoice_line_url=ELSEWHERE))
    async with as_on_azure(sending):
        steps = await _steps(connected)
    name, ok, detail = steps[-1]
    assert (name, ok) == ("endpoint", False)
    assert detail.startswith(f"not sent to {ELSEWHERE}/connection-test-")
    assert detail.endswith(INSIDE)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://meters.example.com/x", INSIDE),
        ("https://169.254.169.254/x", "the address must lie on the public internet"),
        ("http://lines.example.com/x", "the address must be a URL that starts with https://"),
    ],
)
async def test_nor_does_that_of_meter_values(
    connected: World, address: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def leads_inside(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", leads_inside)
    there = UtilityCloud(meter_values_url=address, line_lookup=LineLookup.NONE)
    await connected.operator(mode=Mode.METER_VALUE, utility_cloud=there)
    connected.wiring.connection_test = _outside_only(connected.wiring.connection_test)
    name, ok, detail = (await _steps(connected))[-1]
    assert (name, ok) == ("endpoint", False)
    assert detail.startswith(f"no connection to {address}: ")
    assert why in detail


async def test_a_platform_that_leads_inside_is_not_asked_and_keeps_its_key(connected: World, sending: Sending) -> None:
    await asks(connected, at="https://platform.example.com")
    async with as_on_azure(sending):
        connected.wiring.clients.http = sending  # type: ignore[assignment]  # it only makes requests
        await connected.wiring.sweep.run()
    trouble = (await state(connected))["sweep"]["trouble"]
    assert trouble["explanation"].endswith(f"platform.example.com {INSIDE}")


def _outside_only(test: ConnectionTest) -> ConnectionTest:
    return replace(test, allow_local_addresses=False)


async def _steps(connected: World) -> list[tuple[str, bool, str]]:
    reply = await connected.call("try_connection", scope=Scope.OPERATOR_ADMIN)
    assert reply.status == 200, reply.body
    return [(each["step"], each["ok"], each["detail"]) for each in reply.document["steps"]]
