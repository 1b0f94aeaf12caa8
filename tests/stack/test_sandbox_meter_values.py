"""The sandbox's meter value adapter takes one session as consecutive quarter hours, and nothing else."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from local.sandbox import RunningSandbox, serving
from tests.stack.test_sandbox_utility_cloud import SERIES, a_series, a_value, bearer, trust

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


async def test_meter_values_are_stored(client: httpx.AsyncClient) -> None:
    assert (await client.post(SERIES, json=a_series())).is_success
    moment = a_series(a_value("09:07:00", "09:07:00", Value=0))
    assert (await client.post(SERIES, json=moment)).is_success
    stored = (await client.get("/_sandbox/meter-values")).json()
    assert [item["body"] for item in stored] == [a_series(), moment]
    assert (await client.get("/_sandbox/transactions")).json() == []


@pytest.mark.parametrize(
    ("series", "field"),
    [
        (a_series(MeterValues=[]), "MeterValues"),
        (a_series(TransactionId=1), "TransactionId"),
        (a_series(AccountingPointIdentifier=""), "AccountingPointIdentifier"),
        (a_series(TransactionOwnerId="x"), "TransactionOwnerId"),
        (a_series(a_value("09:05:00", "09:10:00", Unit="Wh")), "MeterValues.0.Unit"),
        (a_series(a_value("09:05:00", "09:10:00", Value="1.5")), "MeterValues.0.Value"),
        (a_series(a_value("09:05:00", "09:10:00", Phase="L1")), "MeterValues.0.Phase"),
        (a_series(a_value("09:10:00", "09:05:00")), "MeterValues.0.EndTimestamp"),
        (a_series(a_value("09:05:00", "09:15:01")), "MeterValues.0.EndTimestamp"),
        (a_series(a_value("09:15:00", "09:45:00")), "MeterValues.0.EndTimestamp"),
        (a_series(a_value("09:05:00", "09:15:00"), a_value("09:16:00", "09:20:00")), "MeterValues.1.StartTimestamp"),
        (a_series(a_value("09:05:00", "09:15:00"), a_value("09:30:00", "09:40:00")), "MeterValues.1.StartTimestamp"),
        (a_series(a_value("09:05:00", "09:10:00"), a_value("09:10:00", "09:15:00")), "MeterValues.1.StartTimestamp"),
        (a_series(a_value("09:15:00", "09:20:00"), a_value("09:05:00", "09:15:00")), "MeterValues.1.StartTimestamp"),
    ],
)
async def test_a_faulty_series_is_refused(client: httpx.AsyncClient, series: dict[str, Any], field: str) -> None:
    answer = await client.post(SERIES, json=series)
    assert answer.status_code == 400
    assert [fault["field"] for fault in answer.json()] == [field]
    assert (await client.get("/_sandbox/meter-values")).json() == []
