"""The sandbox's charging platform knows sessions that it never notified, and shows each operator its own."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from local.sandbox import RunningSandbox, serving
from local.sandbox.demo_operators import DEMO_OPERATORS, platform_api_key
from tests.stack.test_sandbox_utility_cloud import trust

pytestmark = pytest.mark.asyncio(loop_scope="module")

GLN, OTHER = (operator.gln for operator in DEMO_OPERATORS)
SESSIONS = "/api/v2/cpo/charging-sessions/query"
SITES = "/api/v2/cpo/sites"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSandbox]:
    async with serving(certificates=tmp_path_factory.mktemp("certificates")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def client(sandbox: RunningSandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Talks to an empty sandbox with the first operator's key."""
    headers = {"x-api-key": platform_api_key(GLN)}
    async with httpx.AsyncClient(base_url=sandbox.url, headers=headers, verify=trust(sandbox)) as http:
        await http.delete("/_sandbox")
        yield http


def a_stop(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A stop message; the number goes into its id and its hour."""
    message = {
        "chargerId": "CH-1",
        "socketId": 1,
        "receivedTimestamp": "2026-01-15T11:00:00Z",
        "siteId": "12",
        "externalSiteId": "",
        "deviceTimeStampStart": f"2026-01-15T{number:02}:00:00.1234567+01:00",
        "deviceTimeStampEnd": f"2026-01-15T{number:02}:30:00Z",
        "transactionId": f"S-{number}",
        "authorizedIdTag": "04A1B2C3D4",
        "meterReadStart": 1000,
        "meterReadEnd": 21000.5,
        "consumptionWh": 20000.5,
        "action": "transaction_stop",
    }
    return message | changes


async def keep(client: httpx.AsyncClient, *messages: dict[str, Any], gln: str = GLN) -> None:
    for message in messages:
        answer = await client.post("/_sandbox/sessions", json={"gln": gln, "message": message})
        assert answer.status_code == 201, answer.text


async def found(client: httpx.AsyncClient, **query: Any) -> list[str]:
    """The ids of the sessions that the query finds, in its order."""
    answer = await client.post(SESSIONS, json=query)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_a_kept_session_has_the_fields_of_the_platforms_query(client: httpx.AsyncClient) -> None:
    await keep(client, a_stop())
    answer = await client.post(SESSIONS, json={"page": 1, "limit": 10})
    envelope = {"page": 1, "limit": 10, "totalRecords": 1, "hasNextPage": False, "hasPreviousPage": False}
    assert answer.json() == envelope | {
        "items": [
            {
                "id": "S-1",
                "evseTransactionId": None,
                "timestampStart": "2026-01-15T00:00:00.123456Z",
                "timestampEnd": "2026-01-15T01:30:00Z",
                "chargerId": "CH-1",
                "socketId": 1,
                "authorizedTagId": "04A1B2C3D4",
                "authorizedUserId": None,
                "userName": None,
                "siteId": 12,
                "siteName": "Site 12",
                "driverSiteId": None,
                "fullConsumptionWh": 20000.5,
                "fullConsumptionKWh": 20.0005,
                "currency": None,
                "vatPercent": None,
                "totalCostInclVat": None,
                "totalCostExclVat": None,
                "totalVatAmount": None,
            }
        ]
    }


async def test_energy_keeps_its_digits(client: httpx.AsyncClient) -> None:
    text = json.dumps({"gln": GLN, "message": a_stop()}).replace("20000.5", "0.12345678901234567890123")
    await client.post("/_sandbox/sessions", content=text)
    answer = (await client.post(SESSIONS, json={})).text
    assert '"fullConsumptionWh":0.12345678901234567890123,' in answer
    assert '"fullConsumptionKWh":0.00012345678901234567890123,' in answer


async def test_older_spellings_are_understood(client: httpx.AsyncClient) -> None:
    old = a_stop(transactionId=4711, timeStampStart="2026-01-15T09:00:00Z", timeStampEnd="2026-01-15T10:00:00Z")
    for name in ("deviceTimeStampStart", "deviceTimeStampEnd", "siteId", "consumptionWh", "socketId"):
        del old[name]
    await keep(client, old)
    (item,) = (await client.post(SESSIONS, json={})).json()["items"]
    assert (item["id"], item["timestampStart"], item["siteId"]) == ("4711", "2026-01-15T09:00:00Z", None)
    assert item["fullConsumptionWh"] == 20000.5


@pytest.mark.parametrize("missing", ["chargerId", "transactionId", "deviceTimeStampStart", "deviceTimeStampEnd"])
async def test_what_is_no_session_is_not_kept(client: httpx.AsyncClient, missing: str) -> None:
    message = a_stop()
    del message[missing]
    answer = await client.post("/_sandbox/sessions", json={"gln": GLN, "message": message})
    assert (answer.status_code, [fault["field"] for fault in answer.json()]) == (400, [missing])
    assert await found(client) == []


async def test_an_order_of_the_wrong_shape_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/_sandbox/sessions", content=b"{")).json()[0]["field"] == "(body)"
    answer = await client.post("/_sandbox/sessions", json={"gln": 7080000000005, "message": []})
    assert [fault["field"] for fault in answer.json()] == ["gln", "message"]


async def test_pages_cover_every_session_once(client: httpx.AsyncClient) -> None:
    await keep(client, *(a_stop(number) for number in (3, 1, 5, 2, 4)))
    seen: list[str] = []
    page, more = 1, True
    while more:
        answer = (await client.post(SESSIONS, json={"page": page, "limit": 2})).json()
        assert (answer["totalRecords"], answer["hasPreviousPage"]) == (5, page > 1)
        seen += [item["id"] for item in answer["items"]]
        page, more = page + 1, answer["hasNextPage"]
    assert (seen, page) == (["S-1", "S-2", "S-3", "S-4", "S-5"], 4)
    assert await found(client, page=9) == []
    assert await found(client, sortKey="timestampEnd", sortDescending=True, limit=2) == ["S-5", "S-4"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"startTime": "2026-01-15T02:00:00.123456+01:00"}, ["S-2", "S-3"]),
        ({"startTime": "2026-01-15T01:00:01Z", "startTimeSearchEnd": "2026-01-15T02:00:00Z"}, []),
        ({"startTimeSearchEnd": "2026-01-15T00:30:00Z"}, ["S-1"]),
        ({"stopTimeSearchBegin": "2026-01-15T02:30:00Z"}, ["S-2", "S-3"]),
        ({"stopTimeSearchBegin": "2026-01-15T02:00:00Z", "stopTime": "2026-01-15T02:30:00Z"}, ["S-2"]),
        ({"chargerIDs": ["CH-2"]}, ["S-2"]),
        ({"chargerIDs": []}, ["S-1", "S-2", "S-3"]),
        ({"siteIDs": [13, 14]}, ["S-3"]),
        ({"rfidTags": ["v:abc"]}, ["S-3"]),
        ({"driverIDs": ["d"]}, []),
        ({"startTime": None, "siteIDs": None}, ["S-1", "S-2", "S-3"]),
    ],
)
async def test_a_query_finds_what_it_names(client: httpx.AsyncClient, query: dict[str, Any], ids: list[str]) -> None:
    third = a_stop(3, siteId=13, authorizedIdTag="V:ABC")
    await keep(client, a_stop(1), a_stop(2, chargerId="CH-2"), third)
    assert await found(client, **query) == ids


@pytest.mark.parametrize(
    "query",
    [{"limit": 101}, {"page": 0}, {"startTime": "yesterday"}, {"startTime": "2026-01-15T00:00:00"}, {"from": "x"}],
)
async def test_a_malformed_query_is_refused_in_the_platforms_words(
    client: httpx.AsyncClient, query: dict[str, Any]
) -> None:
    answer = await client.post(SESSIONS, json=query)
    assert answer.status_code == 400
    assert answer.json().keys() == {"errorCode", "message", "errorNumber", "helpLink"}
    assert next(iter(query)) in answer.json()["message"]


async def test_sites_are_those_of_the_sessions(client: httpx.AsyncClient) -> None:
    await keep(client, a_stop(1), a_stop(2, siteId=3), a_stop(3), a_stop(4, siteId=""))
    answer = (await client.get(SITES, params={"page": 1, "limit": 1})).json()
    assert (answer["totalRecords"], answer["hasNextPage"]) == (2, True)
    assert [(site["id"], site["name"], site["timezone"]) for site in answer["items"]] == [(3, "Site 3", "Europe/Oslo")]
    last = (await client.get(SITES, params={"page": 2, "limit": 1})).json()
    assert ([site["id"] for site in last["items"]], last["hasNextPage"]) == ([12], False)
    assert (await client.get(SITES, params={"limit": "many"})).status_code == 400


async def test_a_key_leads_to_its_own_operator_only(client: httpx.AsyncClient) -> None:
    await keep(client, a_stop(1))
    await keep(client, a_stop(2, siteId=99), gln=OTHER)
    other = {"x-api-key": platform_api_key(OTHER)}
    assert await found(client) == ["S-1"]
    answer = await client.post(SESSIONS, json={}, headers=other)
    assert [item["id"] for item in answer.json()["items"]] == ["S-2"]
    assert [site["id"] for site in (await client.get(SITES, headers=other)).json()["items"]] == [99]
    told = [(request["path"], request["gln"]) for request in (await client.get("/_sandbox/requests")).json()]
    assert told == [(SESSIONS, GLN), (SESSIONS, OTHER), (SITES, OTHER)]


@pytest.mark.parametrize("key", ["", "platform-", "7080000000005", "platform-708000000000x", "Platform-7080000000005"])
async def test_an_unknown_key_is_refused(client: httpx.AsyncClient, key: str) -> None:
    await keep(client, a_stop())
    for answer in (
        await client.post(SESSIONS, json={}, headers={"x-api-key": key}),
        await client.get(SITES, headers={"x-api-key": key}),
    ):
        assert answer.status_code == 401
        assert "items" not in answer.json()


async def test_sites_can_be_set_up_with_names_and_a_tree(client: httpx.AsyncClient) -> None:
    await keep(client, a_stop(1))
    sites = [
        {"id": 1, "name": "Town", "externalId": "T"},
        {"id": 2, "name": "Quay", "timezone": None, "parentSiteId": 1},
    ]
    answer = await client.put("/_sandbox/sites", json={"gln": GLN, "sites": sites})
    assert answer.status_code == 200
    listed = (await client.get(SITES)).json()["items"]
    assert listed == answer.json() == (await client.get("/_sandbox/sites")).json()[GLN]
    assert [(site["name"], site["timezone"], site["parentSiteId"]) for site in listed] == [
        ("Town", "Europe/Oslo", None),
        ("Quay", None, 1),
    ]
    assert listed[1]["sitePath"] == [{"siteId": 1, "siteName": "Town"}, {"siteId": 2, "siteName": "Quay"}]
    assert "Quay" in (await client.get("/")).text
    await client.put("/_sandbox/sites", json={"gln": GLN, "sites": []})
    assert (await client.get(SITES)).json()["items"] == []


async def test_sites_in_a_circle_are_listed_as_they_are(client: httpx.AsyncClient) -> None:
    sites = [{"id": 1, "name": "A", "parentSiteId": 2}, {"id": 2, "name": "B", "parentSiteId": 1}]
    await client.put("/_sandbox/sites", json={"gln": GLN, "sites": sites})
    listed = (await client.get(SITES)).json()["items"]
    assert [[each["siteId"] for each in site["sitePath"]] for site in listed] == [[2, 1], [1, 2]]


@pytest.mark.parametrize("site", [{"id": -1, "name": "A"}, {"name": "A"}, {"id": 1, "name": "A", "parent": 2}, "A"])
async def test_a_site_of_the_wrong_shape_is_refused(client: httpx.AsyncClient, site: object) -> None:
    answer = await client.put("/_sandbox/sites", json={"gln": GLN, "sites": [site]})
    assert answer.status_code == 400
    assert (await client.get("/_sandbox/sites")).json() == {}


async def test_known_sessions_are_shown_and_can_be_taken_away(client: httpx.AsyncClient) -> None:
    await keep(client, a_stop(1), a_stop(2, transactionId="a/b"))
    known = (await client.get("/_sandbox/sessions")).json()
    assert [(each["gln"], each["item"]["id"]) for each in known] == [(GLN, "S-1"), (GLN, "a/b")]
    assert "a/b" in (await client.get("/")).text
    assert (await client.delete(f"/_sandbox/sessions/{GLN}/a/b")).status_code == 204
    assert (await client.delete(f"/_sandbox/sessions/{GLN}/a/b")).status_code == 404
    assert await found(client) == ["S-1"]


async def test_it_fails_as_it_is_told_to(client: httpx.AsyncClient) -> None:
    await keep(client, a_stop(1))
    fault = {"target": "charging-platform", "gln": GLN, "times": 1}
    await client.post("/_sandbox/faults", json={**fault, "kind": "status", "status": 429, "retryAfter": 7})
    other = await client.post(SESSIONS, json={}, headers={"x-api-key": platform_api_key(OTHER)})
    assert other.status_code == 200
    refused = await client.post(SESSIONS, json={})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert refused.json()["errorNumber"] == 429
    await client.post("/_sandbox/faults", json={**fault, "kind": "cut-before-store", "method": "GET"})
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(SITES)
    assert await found(client) == ["S-1"]
