"""The played Utility Cloud does what the sandbox does, in all that the relay looks at."""

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from local.sandbox import exact_json, serving
from local.sandbox.demo_operators import DEMO_OPERATORS
from shared.http_client import HttpClient
from shared.http_requests import HttpAnswer, HttpRequests
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


@dataclass(frozen=True)
class Other:
    """Either of them, with what it needs to let a request in."""

    requests: HttpRequests
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> HttpAnswer:
        """One question."""
        return await self.requests.request(
            "GET", self.url + path, headers=self.headers, longest_seconds=10, at_most=10_000
        )

    async def post(self, path: str, body: str, content_type: str = "application/json") -> HttpAnswer:
        """One body."""
        return await self.requests.request(
            "POST",
            self.url + path,
            headers={**self.headers, "Content-Type": content_type},
            body=body.encode(),
            longest_seconds=10,
            at_most=10_000,
        )


@pytest.fixture(params=["sandbox", "played"])
async def other(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Other]:
    """Either of them."""
    if request.param == "played":
        yield Other(requests=PlayedUtilityCloud(points=FaultPoints()), url="http://played")
        return
    async with serving(certificates=tmp_path) as sandbox:
        trusting = ssl.create_default_context(cafile=str(sandbox.ca_bundle))
        async with aclosing(HttpClient(allow_local=True, tls=trusting)) as client:
            form = {
                "grant_type": "client_credentials",
                "client_id": COSTED.client_id,
                "client_secret": COSTED.client_secret,
                "scope": COSTED.scope,
            }
            entra = Other(requests=client, url=sandbox.tls_url)
            issued = await entra.post(
                f"/{COSTED.directory_id}/oauth2/v2.0/token", urlencode(form), "application/x-www-form-urlencoded"
            )
            token = json.loads(issued.body)["access_token"]
            yield Other(requests=client, url=sandbox.url, headers={"Authorization": f"Bearer {token}"})


async def test_a_line_that_was_never_sent_is_not_found(other: Other) -> None:
    assert (await other.get(f"{LINES}/1032427936")).status == 404


async def test_a_line_is_accepted_and_found_as_it_was_sent(other: Other) -> None:
    assert (await other.post(LINES, json.dumps(LINE))).is_success
    found = await other.get(f"{LINES}/1032427936")
    assert found.status == 200
    assert exact_json.read(found.body).items() >= exact_json.read(json.dumps(LINE).encode()).items()


async def test_a_line_under_the_same_id_is_taken_again(other: Other) -> None:
    for _ in range(2):
        assert (await other.post(LINES, json.dumps(LINE))).is_success


async def test_a_series_is_accepted_and_can_be_sent_again(other: Other) -> None:
    for _ in range(2):
        assert (await other.post(SERIES, json.dumps(SERIES_BODY))).is_success
