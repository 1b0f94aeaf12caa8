"""The sandbox fails exactly as it was told to, for whom it was told to, as often as it was told to."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from azure.core.exceptions import ServiceRequestError
from azure.identity.aio import ClientSecretCredential

from local.sandbox import RunningSandbox, serving
from local.sandbox.demo_operators import DEMO_OPERATORS
from tests.stack.test_sandbox_utility_cloud import LINES, SERIES, a_line, a_series, bearer, trust

pytestmark = pytest.mark.asyncio(loop_scope="module")

COSTED, METERED = DEMO_OPERATORS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSandbox]:
    async with serving(certificates=tmp_path_factory.mktemp("certificates")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def client(sandbox: RunningSandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Talks to an empty sandbox with the costed operator's token."""
    async with httpx.AsyncClient(base_url=sandbox.url, verify=trust(sandbox)) as http:
        await http.delete("/_sandbox")
        http.headers.update(await bearer(sandbox))
        await http.delete("/_sandbox")
        yield http


async def order(client: httpx.AsyncClient, *, target: str = "invoice-line", **fault: Any) -> None:
    answer = await client.post("/_sandbox/faults", json={"target": target, **fault})
    assert answer.status_code == 201, answer.text


async def stored(client: httpx.AsyncClient) -> list[str]:
    """The ids of the lines that the sandbox has."""
    return [item["body"]["transactionId"] for item in (await client.get("/_sandbox/transactions")).json()]


async def until_requested(client: httpx.AsyncClient, path: str) -> None:
    """Returns once a request for the path has reached the sandbox, answered or not."""
    async with asyncio.timeout(30):
        while True:
            if any(request["path"] == path for request in (await client.get("/_sandbox/requests")).json()):
                return
            await asyncio.sleep(0.01)


async def answers(client: httpx.AsyncClient, count: int) -> list[int]:
    return [(await client.post(LINES, json=a_line())).status_code for _ in range(count)]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503])
async def test_a_status_is_answered_and_nothing_stored(client: httpx.AsyncClient, status: int) -> None:
    await order(client, kind="status", status=status, times=1)
    answer = await client.post(LINES, json=a_line())
    assert answer.status_code == status
    assert "retry-after" not in answer.headers
    assert await stored(client) == []
    assert (await client.post(LINES, json=a_line())).is_success


async def test_retry_after_goes_with_the_status(client: httpx.AsyncClient) -> None:
    await order(client, kind="status", status=429, retryAfter=2, times=1)
    assert (await client.post(LINES, json=a_line())).headers["retry-after"] == "2"


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_a_body_is_sound_http(client: httpx.AsyncClient, status: int) -> None:
    await order(client, kind="status", status=status, times=1)
    answer = await client.post(LINES, json=a_line())
    assert (answer.status_code, answer.content) == (status, b"")
    assert await stored(client) == []


async def test_cut_after_store_has_stored_though_the_sender_sees_no_answer(client: httpx.AsyncClient) -> None:
    await order(client, kind="cut-after-store", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await client.post(LINES, json=a_line())
    assert await stored(client) == ["S-1"]
    assert (await client.get(f"{LINES}/S-1")).status_code == 200
    shown = (await client.get("/_sandbox/requests")).json()
    assert [request["status"] for request in shown] == [None, 200]


async def test_cut_before_store_has_stored_nothing(client: httpx.AsyncClient) -> None:
    await order(client, kind="cut-before-store", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post(LINES, json=a_line())
    assert await stored(client) == []
    assert [request["body"] for request in (await client.get("/_sandbox/requests")).json()] == [a_line()]


async def test_a_cut_sends_not_one_byte(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await order(client, kind="cut-before-store")
    url = httpx.URL(sandbox.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}" % LINES.encode())
    assert await asyncio.wait_for(reader.read(), timeout=30) == b""
    writer.close()
    await writer.wait_closed()


async def test_a_cut_line_that_is_refused_is_not_stored(client: httpx.AsyncClient) -> None:
    await order(client, kind="cut-after-store", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post(LINES, json=a_line(siteId="x"))
    assert await stored(client) == []


async def test_a_delay_comes_before_storing(client: httpx.AsyncClient) -> None:
    await order(client, kind="delay", seconds=1.5, times=1)
    began = time.monotonic()
    slow = asyncio.create_task(client.post(LINES, json=a_line()))
    await until_requested(client, LINES)
    assert await stored(client) == []
    assert (await client.post(LINES, json=a_line(transactionId="S-2"))).is_success
    assert await stored(client) == ["S-2"]
    assert (await slow).is_success
    assert time.monotonic() - began >= 1.5
    assert await stored(client) == ["S-2", "S-1"]


async def test_a_sender_that_gave_up_waiting_is_stored_all_the_same(client: httpx.AsyncClient) -> None:
    await order(client, kind="delay", seconds=1, times=1)
    with pytest.raises(httpx.ReadTimeout):
        await client.post(LINES, json=a_line(), timeout=httpx.Timeout(30, read=0.05))
    assert await stored(client) == []
    async with asyncio.timeout(30):
        while True:
            if await stored(client):
                break
            await asyncio.sleep(0.01)
    assert await stored(client) == ["S-1"]


async def test_the_oldest_fault_with_times_left_applies(client: httpx.AsyncClient) -> None:
    await order(client, kind="status", status=500, times=2)
    await order(client, kind="status", status=429, times=1)
    await order(client, kind="status", status=503, times=1)
    assert await answers(client, 5) == [500, 500, 429, 503, 201]


async def test_a_fault_without_times_stays_until_it_is_removed(client: httpx.AsyncClient) -> None:
    await order(client, kind="status", status=503)
    await order(client, kind="status", status=429, times=1)
    assert await answers(client, 3) == [503, 503, 503]
    assert (await client.delete("/_sandbox/faults")).is_success
    assert await answers(client, 1) == [201]
    assert (await client.get("/_sandbox/faults")).json() == []


async def test_the_list_says_what_is_left(client: httpx.AsyncClient) -> None:
    first: dict[str, Any] = {"kind": "status", "status": 503, "retryAfter": 2, "gln": COSTED.gln, "method": "POST"}
    await order(client, **first, times=2)
    await order(client, kind="delay", seconds=0.5)
    listed = {"target": "invoice-line"}
    endless = listed | {"kind": "delay", "seconds": 0.5, "times": None}
    await answers(client, 1)
    assert (await client.get("/_sandbox/faults")).json() == [listed | first | {"times": 1}, endless]
    await answers(client, 1)
    assert (await client.get("/_sandbox/faults")).json() == [listed | first | {"times": 0}, endless]


async def test_a_fault_hits_its_target_alone(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await order(client, target="meter-values", kind="status", status=500)
    await order(client, target="token", kind="status", status=503)
    assert await answers(client, 1) == [201]
    assert (await client.post(SERIES, json=a_series())).status_code == 500
    with pytest.raises(httpx.HTTPStatusError, match="503"):
        await bearer(sandbox)
    assert (await client.get("/_sandbox/meter-values")).json() == []


async def test_a_fault_hits_its_operator_alone(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    other = await bearer(sandbox, METERED)
    await order(client, kind="status", status=500, gln=METERED.gln)
    await order(client, kind="status", status=502, gln="7080000000029")
    assert await answers(client, 1) == [201]
    assert (await client.post(LINES, json=a_line(), headers=other)).status_code == 500
    tenant = {"tenant": "7080000000029"}
    assert (await client.post(LINES, json=a_line(), headers=tenant)).status_code == 502
    await order(client, target="token", kind="status", status=400, gln=METERED.gln)
    assert await bearer(sandbox, COSTED)
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        await bearer(sandbox, METERED)


async def test_a_fault_hits_its_method_alone(client: httpx.AsyncClient) -> None:
    await order(client, kind="status", status=500, method="get")
    assert await answers(client, 1) == [201]
    assert (await client.get(f"{LINES}/S-1")).status_code == 500
    await client.delete("/_sandbox/faults")
    await order(client, kind="cut-before-store", method="POST", times=1)
    assert (await client.get(f"{LINES}/S-1")).status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        await answers(client, 1)


async def test_a_fault_that_misses_is_not_used_up(client: httpx.AsyncClient) -> None:
    await order(client, kind="status", status=500, times=1, gln=METERED.gln)
    await order(client, kind="status", status=503, times=1)
    assert await answers(client, 2) == [503, 201]
    assert [fault["times"] for fault in (await client.get("/_sandbox/faults")).json()] == [1, 0]


@pytest.mark.parametrize("kind", ["cut-before-store", "cut-after-store"])
async def test_entras_connection_can_be_cut_too(client: httpx.AsyncClient, sandbox: RunningSandbox, kind: str) -> None:
    await order(client, target="token", kind=kind, times=1)
    async with ClientSecretCredential(
        COSTED.directory_id,
        COSTED.client_id,
        COSTED.client_secret,
        authority=sandbox.tls_url,
        disable_instance_discovery=True,
        connection_verify=str(sandbox.ca_bundle),
        retry_total=0,
    ) as credential:
        with pytest.raises(ServiceRequestError):
            await credential.get_token(COSTED.scope)
        assert (await credential.get_token(COSTED.scope)).token


@pytest.mark.parametrize(("status", "code"), [(401, 7000215), (429, 90033), (503, 90033), (400, 900144)])
async def test_entra_fails_in_its_own_words(
    client: httpx.AsyncClient, sandbox: RunningSandbox, status: int, code: int
) -> None:
    await order(client, target="token", kind="status", status=status, retryAfter=3, times=1)
    address = f"{sandbox.tls_url}/{COSTED.directory_id}/oauth2/v2.0/token"
    answer = await client.post(address, data={})
    assert (answer.status_code, answer.json()["error_codes"]) == (status, [code])
    assert answer.headers["retry-after"] == "3"


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"target": "elsewhere"}, "target"),
        ({"kind": "explode"}, "kind"),
        ({"kind": "status"}, "(body)"),
        ({"kind": "delay"}, "(body)"),
        ({"status": 99}, "status"),
        ({"times": 0}, "times"),
        ({"seconds": -1}, "seconds"),
        ({"retryafter": 1}, "retryafter"),
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, fault: dict[str, Any], field: str
) -> None:
    answer = await client.post("/_sandbox/faults", json={"target": "token", "kind": "cut-before-store"} | fault)
    assert answer.status_code == 400
    assert [item["field"] for item in answer.json()] == [field]
    assert (await client.get("/_sandbox/faults")).json() == []
