"""The charging platform in the tests: what it knows, what it lists, and an operator that asks it."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched
from typing import Any

from local.sandbox.demo_operators import platform_api_key
from shared.delivery import DeliveryState
from shared.identifiers import OperatorHome
from shared.operators import ChargingPlatform, Operator, Scope, SecretName
from shared.sessions import Session
from tests.unit.sessions.platform_messages import CHARGER, GLN, STARTED, TAG, stop_message, utc
from tests.unit.sessions.world import World

SESSIONS = "/api/v2/cpo/charging-sessions/query"
SITES = "/api/v2/cpo/sites"
HOME = OperatorHome(gln=GLN, buckets=4)


async def asks(town: World, *, gln: str = GLN, at: str | None = None, key: str | None = None) -> Operator:
    """The operator says where its platform is; by default at the sandbox, with the right key."""
    version = await town.wiring.secrets.write(
        gln=gln, name=SecretName.CHARGING_PLATFORM_API_KEY, secret=key or platform_api_key(gln)
    )
    assert town.sandbox is not None
    town.wiring.clients.http = town.own_client  # one less to make for each test
    url = at or town.sandbox.url
    platform = ChargingPlatform(sessions_url=url + SESSIONS, sites_url=url + SITES, api_key=version)
    return await town.operator(gln, charging_platform=platform)


def a_stop(session_id: str, *, started: datetime = STARTED, energy_wh: float = 12345, **changed: Any) -> dict[str, Any]:
    """A session of two hours, as the platform would have notified it."""
    message = stop_message(
        transactionId=session_id,
        deviceTimeStampStart=utc(started),
        deviceTimeStampEnd=utc(started + timedelta(hours=2)),
        consumptionWh=energy_wh,
        meterReadStart=None,
        meterReadEnd=None,
    )
    return {**message, **changed}


async def knows(town: World, *messages: Mapping[str, Any], gln: str = GLN) -> None:
    """The platform knows these sessions, and has notified nobody."""
    assert town.sandbox is not None
    url = f"{town.sandbox.url}/_sandbox/sessions"
    for some in batched(messages, 16, strict=False):
        answers = await asyncio.gather(*(town.http.post(url, json={"gln": gln, "message": each}) for each in some))
        assert {answer.status_code for answer in answers} == {201}


async def has_sites(town: World, *sites: Mapping[str, Any], gln: str = GLN) -> None:
    """The platform has these sites."""
    assert town.sandbox is not None
    order = {"gln": gln, "sites": sites}
    answer = await town.http.put(f"{town.sandbox.url}/_sandbox/sites", json=order)
    assert answer.status_code == 200, answer.text


async def lines(town: World) -> list[dict[str, Any]]:
    """What is at Utility Cloud after all that was asked for has been delivered."""
    requests, town.asked.requests = town.asked.requests, []
    for some in batched(requests, 16, strict=False):
        await asyncio.gather(*(_delivered(town, each) for each in some))
    return await town.arrived()


async def _delivered(town: World, request: Mapping[str, str]) -> None:
    """Tried again where a busy machine was too slow."""
    for _ in range(10):
        outcome = await town.deliver(request["transaction_id"], gln=request["gln"], session_id=request["session_id"])
        if outcome is DeliveryState.DELIVERED:
            return
        town.clock.move(hours=6)
    raise AssertionError(f"{request} was not delivered")


async def swept(town: World, session_id: str) -> Session:
    """A session after a sweep."""
    await town.wiring.sweep.run()
    return await town.session(session_id)


async def state(town: World, *, gln: str = GLN) -> Any:
    """How asking the platform goes, as the operator is shown."""
    reply = await town.call("get_charging_platform", gln=gln, scope=Scope.OPERATOR_ADMIN)
    assert reply.status == 200, reply.body
    return reply.document


async def actions(town: World) -> list[str]:
    """What the log says, newest first, without deliveries."""
    return [entry["action"] for entry in await town.log() if entry["direction"] == "in" or "sweep" in entry["action"]]


def item(session_id: Any, *, started: datetime = STARTED, **changed: Any) -> dict[str, Any]:
    """A session in the platform's list."""
    return {
        "id": session_id,
        "evseTransactionId": None,
        "timestampStart": utc(started),
        "timestampEnd": utc(started + timedelta(hours=2)),
        "chargerId": CHARGER,
        "socketId": 1,
        "authorizedTagId": TAG,
        "siteId": 4012,
        "fullConsumptionWh": 12345,
        "fullConsumptionKWh": 12.345,
        **changed,
    }


def a_page(*items: Any, more: bool = False) -> bytes:
    """A page of the platform's list."""
    envelope = {"page": 1, "limit": 100, "totalRecords": len(items), "hasNextPage": more, "hasPreviousPage": False}
    return json.dumps({**envelope, "items": items}).encode()


def total_incl_vat(kwh: Decimal) -> Decimal:
    """What so much comes to by the town's tariff."""
    return (kwh * Decimal("3.2") * Decimal("1.25")).quantize(Decimal("0.01"))
