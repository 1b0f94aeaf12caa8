"""What the sandbox shows of the requests that reached it, to a test and to a person."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from local.sandbox import RunningSandbox, serving
from tests.stack.test_sandbox_utility_cloud import COSTED, LINES, METERED, SERIES, a_line, a_series, bearer, trust

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSandbox]:
    async with serving(certificates=tmp_path_factory.mktemp("certificates")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def client(sandbox: RunningSandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Talks to an empty sandbox with the costed operator's token."""
    async with httpx.AsyncClient(base_url=sandbox.url, headers=await bearer(sandbox), verify=trust(sandbox)) as http:
        await http.delete("/_sandbox")
        yield http


async def test_a_line_is_found_only_by_its_own_operator(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    other = await bearer(sandbox, METERED)
    await client.post(LINES, json=a_line())
    await client.post(LINES, json=a_line(authorizedTagName="third"), headers={"tenant": "7080000000029"})
    assert (await client.get(f"{LINES}/S-1", headers=other)).status_code == 404
    assert (await client.get(f"{LINES}/S-1")).json()["authorizedTagName"] == "Company card"
    third = await client.get(f"{LINES}/S-1", headers={"tenant": "7080000000029"})
    assert third.json()["authorizedTagName"] == "third"


async def test_every_request_is_listed_with_its_operator_and_answer(
    client: httpx.AsyncClient, sandbox: RunningSandbox
) -> None:
    await client.post(LINES, json=a_line())
    await client.post(LINES, content="no json", headers={"authorization": ""})
    await client.post(SERIES, json=a_series(), headers=await bearer(sandbox, METERED))
    await client.get(f"{LINES}/S-9", headers={"tenant": "7080000000029"})
    await client.put(LINES, json={})
    await client.get("/elsewhere")
    shown = (await client.get("/_sandbox/requests")).json()
    assert all(set(request) == {"receivedAt", "method", "path", "gln", "status", "body"} for request in shown)
    told = [
        (request["method"], request["path"], request["gln"], request["status"])
        for request in shown
        if "oauth2" not in request["path"]
    ]
    assert told == [
        ("POST", LINES, COSTED.gln, 201),
        ("POST", LINES, None, 401),
        ("POST", SERIES, METERED.gln, 201),
        ("GET", f"{LINES}/S-9", "7080000000029", 404),
        ("PUT", LINES, COSTED.gln, 405),
        ("GET", "/elsewhere", COSTED.gln, 404),
    ]
    assert [request["body"] for request in shown][:2] == [a_line(), "no json"]
    assert shown[-1]["body"] is None


async def test_forgetting_leaves_nothing_behind_but_tokens(client: httpx.AsyncClient) -> None:
    await client.post(LINES, json=a_line())
    await client.post(SERIES, json=a_series())
    await client.post("/_sandbox/faults", json={"target": "invoice-line", "kind": "status", "status": 500})
    assert (await client.delete("/_sandbox")).is_success
    for listing in ("transactions", "meter-values", "requests", "faults"):
        assert (await client.get(f"/_sandbox/{listing}")).json() == []
    assert (await client.get(f"{LINES}/S-1")).status_code == 404
    assert (await client.post(LINES, json=a_line())).is_success


async def test_the_page_shows_what_arrived_and_escapes_it(client: httpx.AsyncClient) -> None:
    assert "Nothing yet" in (await client.get("/")).text
    await client.post(LINES, json=a_line(transactionId="<script>1</script>"))
    await client.post(SERIES, json=a_series())
    answer = await client.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "&lt;script&gt;1&lt;/script&gt;" in answer.text
    assert "<script" not in answer.text
    assert "43.5 NOK" in answer.text
    assert "<td>3.0</td>" in answer.text
    assert "color-scheme: light dark" in answer.text


async def test_what_is_still_on_its_way_when_everything_is_forgotten_is_forgotten_too(
    client: httpx.AsyncClient,
) -> None:
    delay = {"target": "invoice-line", "kind": "delay", "seconds": 1, "times": 1}
    await client.post("/_sandbox/faults", json=delay)
    slow = asyncio.create_task(client.post(LINES, json=a_line()))
    while not (await client.get("/_sandbox/requests")).json():  # noqa: ASYNC110  the sandbox cannot call back
        await asyncio.sleep(0.005)
    await client.delete("/_sandbox")
    with pytest.raises(httpx.RemoteProtocolError):
        await slow
    assert (await client.get("/_sandbox/transactions")).json() == []
