"""The sandbox's Utility Cloud refuses what is not exactly right, and keeps what it accepts, digit for digit."""

import json
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from local.sandbox import RunningSandbox, serving
from local.sandbox.demo_operators import DEMO_OPERATORS, DemoOperator

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINES = "/se/invoicelineimport/v1/transaction"
SERIES = "/v1/se/general-mv-adapter/CreateMeterValuesSeries"
COSTED, METERED = DEMO_OPERATORS
GONE = object()


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def a_line(**changes: Any) -> dict[str, Any]:
    """A costed transaction that is accepted; `GONE` takes a field away."""
    line = {
        "transactionId": "S-1",
        "transactionOwnerId": "707057500000000018",
        "siteId": -1,
        "authorizedTag": "v:ABCDEFGH234567ABCD",
        "authorizedTagName": "Company card",
        "timestampStart": "2026-01-15T09:30:00Z",
        "timestampEnd": "2026-01-15T10:30:00.5Z",
        "fullConsumptionKWh": 20.125,
        "currency": "NOK",
        "vatPercent": 25,
        "totalCostInclVat": 43.5,
        "totalCostExclVat": 34.8,
        "totalVat": 8.7,
    }
    return {name: value for name, value in (line | changes).items() if value is not GONE}


def a_value(start: str, end: str, **changes: Any) -> dict[str, Any]:
    """One meter value of 15 January; the times are `HH:MM:SS`."""
    value = {
        "StartTimestamp": f"2026-01-15T{start}Z",
        "EndTimestamp": f"2026-01-15T{end}Z",
        "Value": 1.5,
        "Unit": "kWh",
    }
    return value | changes


def a_series(*values: dict[str, Any], **changes: Any) -> dict[str, Any]:
    listed = list(values) or [a_value("09:05:30", "09:15:00"), a_value("09:15:00", "09:20:00")]
    return {"AccountingPointIdentifier": "707057500000000018", "TransactionId": "S-1", "MeterValues": listed} | changes


def trust(sandbox: RunningSandbox) -> ssl.SSLContext:
    """Trusts the sandbox and nobody else, which is also quicker than reading every public authority."""
    return ssl.create_default_context(cafile=sandbox.ca_bundle)


async def bearer(sandbox: RunningSandbox, operator: DemoOperator = COSTED) -> dict[str, str]:
    """The header with which the operator may send."""
    async with httpx.AsyncClient(base_url=sandbox.tls_url, verify=trust(sandbox)) as entra:
        form = {
            "grant_type": "client_credentials",
            "client_id": operator.client_id,
            "client_secret": operator.client_secret,
            "scope": operator.scope,
        }
        answer = await entra.post(f"/{operator.directory_id}/oauth2/v2.0/token", data=form)
    return {"authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> AsyncIterator[RunningSandbox]:
    async with serving(certificates=tmp_path_factory.mktemp("certificates"), now=clock) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def client(sandbox: RunningSandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Talks to an empty sandbox with the costed operator's token."""
    async with httpx.AsyncClient(base_url=sandbox.url, headers=await bearer(sandbox), verify=trust(sandbox)) as http:
        await http.delete("/_sandbox")
        yield http


async def test_a_sound_line_is_stored_and_found_by_its_id(client: httpx.AsyncClient) -> None:
    line = a_line(revenueShareId=7, creditReferenceTransactionId="S-0")
    assert (await client.post(LINES, json=line)).is_success
    assert (await client.get(f"{LINES}/S-1")).json() == line
    assert [stored["body"] for stored in (await client.get("/_sandbox/transactions")).json()] == [line]
    assert (await client.get(f"{LINES}/S-2")).status_code == 404


async def test_a_line_sent_twice_is_seen_twice_oldest_first(client: httpx.AsyncClient, clock: Clock) -> None:
    await client.post(LINES, json=a_line())
    clock.now += timedelta(seconds=1)
    await client.post(LINES, json=a_line(authorizedTagName="again"))
    stored = (await client.get("/_sandbox/transactions")).json()
    assert [item["body"]["authorizedTagName"] for item in stored] == ["Company card", "again"]
    assert stored[0]["receivedAt"] < stored[1]["receivedAt"]
    assert stored[1]["receivedAt"].endswith("Z")
    assert set(stored[0]) == {"receivedAt", "body"}


async def test_an_id_with_a_slash_is_found(client: httpx.AsyncClient) -> None:
    await client.post(LINES, json=a_line(transactionId="a/b c"))
    assert (await client.get(f"{LINES}/a%2Fb%20c")).json()["transactionId"] == "a/b c"


async def test_numbers_come_back_with_the_digits_that_were_sent(client: httpx.AsyncClient) -> None:
    text = json.dumps(a_line()).replace("43.5,", "43.50,").replace("20.125", "0.12345678901234567890123")
    await client.post(LINES, content=text)
    for address in ("/_sandbox/transactions", "/_sandbox/requests", f"{LINES}/S-1"):
        answer = (await client.get(address)).text
        assert '"totalCostInclVat": 43.50,' in answer
        assert '"fullConsumptionKWh": 0.12345678901234567890123,' in answer


@pytest.mark.parametrize(
    "accepted",
    [
        a_line(totalCostInclVat=-43.5, totalCostExclVat=-34.8, totalVat=-8.7, fullConsumptionKWh=-20.125),
        a_line(totalCostInclVat=0, totalCostExclVat=0, totalVat=0, vatPercent=0),
        a_line(timestampEnd="2026-01-15T09:30:00Z"),
        a_line(currency="JPY", totalCostInclVat=110, totalCostExclVat=100, totalVat=10),
        a_line(currency="KWD", totalCostInclVat=1.001, totalCostExclVat=1, totalVat=0.001),
        a_line(authorizedTag="x" * 20, vatPercent=25.5, timestampStart="2026-01-15T09:29:59.1234567Z"),
    ],
    ids=["credit", "free", "no time", "currency without decimals", "currency with three", "longest tag"],
)
async def test_an_unusual_line_is_accepted(client: httpx.AsyncClient, accepted: dict[str, Any]) -> None:
    answer = await client.post(LINES, json=accepted)
    assert answer.is_success, answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("transactionId", 17),
        ("transactionId", ""),
        ("transactionId", GONE),
        ("transactionOwnerId", 707057500000000018),
        ("siteId", "5"),
        ("siteId", 5.0),
        ("siteId", True),
        ("siteId", GONE),
        ("authorizedTag", "x" * 21),
        ("authorizedTag", None),
        ("authorizedTagName", GONE),
        ("timestampStart", "2026-01-15T09:30:00+00:00"),
        ("timestampStart", "2026-01-15T09:30:00"),
        ("timestampStart", "2026-02-30T09:30:00Z"),
        ("timestampStart", 1768469400),
        ("timestampEnd", "2026-01-15T09:29:59.999Z"),
        ("fullConsumptionKWh", "20.125"),
        ("fullConsumptionKWh", True),
        ("fullConsumptionKWh", 10**12),
        ("currency", "nok"),
        ("vatPercent", -1),
        ("vatPercent", 101),
        ("totalCostInclVat", "43.50"),
        ("totalCostInclVat", 43.51),
        ("totalCostExclVat", None),
        ("creditReferenceTransactionId", None),
        ("creditReferenceTransactionId", ""),
        ("revenueShareId", None),
        ("revenueShareId", "7"),
        ("MeteringPointId", 7),
        ("AccountingPointId", "707057500000000018"),
    ],
)
async def test_a_faulty_field_is_named_and_nothing_is_stored(
    client: httpx.AsyncClient, field: str, value: object
) -> None:
    answer = await client.post(LINES, json=a_line(**{field: value}))
    assert answer.status_code == 400
    assert [fault["field"] for fault in answer.json()] == [field]
    assert (await client.get("/_sandbox/transactions")).json() == []


@pytest.mark.parametrize(
    ("currency", "amounts", "too_fine"),
    [
        ("NOK", (43.505, 34.8, 8.705), ["totalCostInclVat", "totalVat"]),
        ("JPY", (110.5, 100, 10.5), ["totalCostInclVat", "totalVat"]),
        ("KWD", (1.0001, 1, 0.0001), ["totalCostInclVat", "totalVat"]),
    ],
)
async def test_an_amount_has_no_more_decimals_than_its_currency(
    client: httpx.AsyncClient, currency: str, amounts: tuple[float, float, float], too_fine: list[str]
) -> None:
    names = ("totalCostInclVat", "totalCostExclVat", "totalVat")
    line = a_line(currency=currency) | dict(zip(names, amounts, strict=True))
    answer = await client.post(LINES, json=line)
    assert (answer.status_code, [fault["field"] for fault in answer.json()]) == (400, too_fine)


async def test_all_faults_are_named_at_once(client: httpx.AsyncClient) -> None:
    answer = await client.post(LINES, json=a_line(siteId="1", currency="kr", totalVat=GONE, note="?"))
    assert {fault["field"] for fault in answer.json()} == {"siteId", "currency", "totalVat", "note"}
    assert all(fault["message"] for fault in answer.json())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"siteId": NaN}',
        b'{"siteId": 1, "siteId": 2}',
        b'{"vatPercent": 1e99999999999999999999}',
        b"[" * 100_000,
        b"9" * 5_000,
        json.dumps(a_line()).encode("utf-16"),
        b"\xff",
    ],
    ids=lambda body: str(body[:20]),
)
async def test_what_is_no_json_object_is_refused_and_shown(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(LINES, content=body)
    assert answer.status_code == 400
    assert answer.json()[0]["field"] == "(body)"
    shown = (await client.get("/_sandbox/requests")).json()
    assert [request["status"] for request in shown] == [400]


@pytest.mark.parametrize("huge", ["1e999999999", "1e-999999999", "-1e999999999"])
async def test_a_number_beyond_bounds_is_refused_quickly(client: httpx.AsyncClient, huge: str) -> None:
    text = json.dumps(a_line()).replace("43.5", huge)
    answer = await client.post(LINES, content=text)
    assert answer.status_code == 400
    assert answer.json()[0]["field"] == "totalCostInclVat"


async def test_a_number_has_no_more_digits_than_can_be_added_exactly(client: httpx.AsyncClient) -> None:
    text = json.dumps(a_line()).replace("20.125", "20.125000000000000000000000000001")
    answer = await client.post(LINES, content=text)
    assert [fault["field"] for fault in answer.json()] == ["fullConsumptionKWh"]


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer invented", "Basic {token}", "{token}"])
async def test_only_a_token_of_this_entra_opens(client: httpx.AsyncClient, value: str) -> None:
    token = client.headers["authorization"].removeprefix("Bearer ")
    headers = {"authorization": value.format(token=token)}
    for answer in (
        await client.post(LINES, json=a_line(), headers=headers),
        await client.post(SERIES, json=a_series(), headers=headers),
        await client.get(f"{LINES}/S-1", headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (await client.get("/_sandbox/transactions")).json() == []


async def test_a_token_ends_after_an_hour(client: httpx.AsyncClient, clock: Clock) -> None:
    clock.now += timedelta(minutes=59, seconds=59)
    assert (await client.post(LINES, json=a_line())).is_success
    clock.now += timedelta(seconds=1)
    assert (await client.post(LINES, json=a_line())).status_code == 401
