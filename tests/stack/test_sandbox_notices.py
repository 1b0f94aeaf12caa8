"""The sandbox's receiver of notices: it believes what is signed, keeps the rest too, and fails when told to."""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from local.sandbox import serving
from local.sandbox.demo_operators import notices_secret

GLN = "7080000000005"
BODY = json.dumps({"type": "test", "timestamp": "2026-03-01T12:00:00Z", "data": {"summary": "<b>hello</b>"}})


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(certificates=tmp_path) as sandbox, httpx.AsyncClient(base_url=sandbox.url) as made:
        yield made


def signed(body: str = BODY, *, secret: str = notices_secret(GLN), age: int = 0) -> dict[str, str]:
    at = int(time.time()) - age
    signature = Webhook(secret).sign("notice_1", datetime.fromtimestamp(at, UTC), body)
    return {"webhook-id": "notice_1", "webhook-timestamp": str(at), "webhook-signature": f"v1a,x {signature}"}


async def kept(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/_sandbox/notices")).json()
    return found


async def test_what_is_signed_is_taken_each_time(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await client.post(f"/notices/{GLN}", content=BODY, headers=signed())).status_code == 204
    assert [(each["gln"], each["webhookId"], each["fault"]) for each in await kept(client)] == [
        (GLN, "notice_1", None)
    ] * 2
    page = (await client.get("/")).text
    assert "&lt;b&gt;hello&lt;/b&gt;" in page
    await client.delete("/_sandbox")
    assert await kept(client) == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed() | {"webhook-signature": "v1,"},
        signed() | {"webhook-id": "notice_2"},
        signed("{}"),
        signed(secret=notices_secret("7080000000012")),
        signed(age=600),
        signed() | {"webhook-timestamp": "yesterday"},
    ],
)
async def test_what_is_not_signed_right_is_refused_and_seen(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.post(f"/notices/{GLN}", content=BODY, headers=headers)).status_code == 401
    (notice,) = await kept(client)
    assert notice["fault"] is not None


@pytest.mark.parametrize(("kind", "stored"), [("status", 0), ("cut-after-store", 1), ("cut-before-store", 0)])
async def test_it_fails_when_told_to(client: httpx.AsyncClient, kind: str, stored: int) -> None:
    fault = {"target": "notices", "kind": kind, "status": 410, "times": 1, "gln": GLN}
    assert (await client.post("/_sandbox/faults", json=fault)).status_code == 201
    try:
        answer = await client.post(f"/notices/{GLN}", content=BODY, headers=signed())
        assert (kind, answer.status_code) == ("status", 410)
    except httpx.TransportError:
        assert kind != "status"
    assert len(await kept(client)) == stored


async def test_nothing_else_is_served_there(client: httpx.AsyncClient) -> None:
    assert (await client.post("/notices/somebody", content=BODY)).status_code == 404
    assert (await client.get(f"/notices/{GLN}")).status_code == 405
