"""The played Utility Cloud does what the sandbox does, in all that the relay looks at."""

import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.sandbox import exact_json, serving
from local.sandbox.demo_operators import DEMO_OPERATORS
from tests.faults.fault_points import FaultPoints
from tests.faults.played_utility_cloud import LINES, SERIES, PlayedUtilityCloud

COSTED, METERED = DEMO_OPERATORS[0], DEMO_OPERATORS[1]
LINE = {
    "transactionId": "1032427936",
    "transactionOwnerId": "707057500000000025",
    "siteId": -1,
    "authorizedTag": "04A1B2C3D4",
    "authorizedTagName": "04A1B2C3D4",
    "timestampStart": "2026-01-15T17:00:00Z",
    "timestampEnd": "2026-01-15T18:00:00Z",
    "fullConsumptionKWh": 12.345,
    "currency": "NOK",
    "vatPercent": 25,
    "totalCostInclVat": 54.38,
    "totalCostExclVat": 43.50,
    "totalVat": 10.88,
}
ONE_HOUR = {
    "StartTimestamp": "2026-01-15T17:00:00Z",
    "EndTimestamp": "2026-01-15T17:15:00Z",
    "Value": 1.5,
    "Unit": "kWh",
}
SERIES_BODY = {"AccountingPointIdentifier": "707057500000000025", "TransactionId": "1", "MeterValues": [ONE_HOUR]}


@pytest.fixture(params=["sandbox", "played"])
async def other(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of either, with what it needs to be let in."""
    if request.param == "played":
        transport = PlayedUtilityCloud(points=FaultPoints())
        async with httpx.AsyncClient(base_url="http://played", transport=transport) as client:
            yield client
        return
    async with serving(certificates=tmp_path) as sandbox:
        trusting = ssl.create_default_context(cafile=str(sandbox.ca_bundle))
        async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False, verify=trusting) as client:
            form = {
                "grant_type": "client_credentials",
                "client_id": COSTED.client_id,
                "client_secret": COSTED.client_secret,
                "scope": COSTED.scope,
            }
            url = f"{sandbox.tls_url}/{COSTED.directory_id}/oauth2/v2.0/token"
            token = (await client.post(url, data=form)).raise_for_status().json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield client


async def _post(other: httpx.AsyncClient, path: str, document: dict[str, Any]) -> httpx.Response:
    return await other.post(path, content=json.dumps(document), headers={"Content-Type": "application/json"})


async def test_a_line_that_was_never_sent_is_not_found(other: httpx.AsyncClient) -> None:
    assert (await other.get(f"{LINES}/1032427936")).status_code == 404


async def test_a_line_is_accepted_and_found_as_it_was_sent(other: httpx.AsyncClient) -> None:
    assert (await _post(other, LINES, LINE)).is_success
    found = await other.get(f"{LINES}/1032427936")
    assert found.status_code == 200
    assert exact_json.read(found.content).items() >= exact_json.read(json.dumps(LINE).encode()).items()


async def test_a_line_under_the_same_id_is_taken_again(other: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await _post(other, LINES, LINE)).is_success


async def test_a_series_is_accepted_and_can_be_sent_again(other: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await _post(other, SERIES, SERIES_BODY)).is_success
