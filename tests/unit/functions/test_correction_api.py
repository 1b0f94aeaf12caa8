"""Credits and corrections over HTTP: what is answered, and to whom."""

from typing import Any

import pytest

from functions.http_endpoint import ENDPOINTS
from functions.openapi import described
from shared.operators import Scope
from tests.unit.corrections.corrected import C1, ID, R1, correct, credit, lines_of
from tests.unit.sessions.platform_messages import OTHER_GLN, stop_message
from tests.unit.sessions.world import World


@pytest.fixture
async def billed(connected: World) -> World:
    """A world with a line that has arrived."""
    await connected.settled()
    await connected.deliver_asked()
    return connected


async def test_a_credit_is_answered_with_its_id(billed: World) -> None:
    reply = await credit(billed)
    assert (reply.status, reply.document) == (201, {"creditTransactionId": C1})


async def test_a_correction_is_answered_with_both_ids(billed: World) -> None:
    reply = await correct(billed, consumptionKWh=10)
    assert (reply.status, reply.document) == (201, {"creditTransactionId": C1, "transactionId": R1})


async def test_without_a_credit_its_id_is_null(town: World) -> None:
    await town.settled()
    assert (await correct(town, consumptionKWh=10)).document == {"creditTransactionId": None, "transactionId": R1}
    assert (await credit(town, R1)).document == {"creditTransactionId": None}


async def test_null_says_the_same_as_nothing(billed: World) -> None:
    nothing: dict[str, Any] = {"timestampStart": None, "timestampEnd": None, "consumptionKWh": None, "tariffId": None}
    assert (await correct(billed, **nothing)).status == 409  # nothing would change
    assert (await correct(billed, **{**nothing, "consumptionKWh": 10})).status == 201


async def test_another_operators_lines_are_not_there(billed: World) -> None:
    await billed.operator(OTHER_GLN)
    for reply in (await credit(billed, gln=OTHER_GLN), await correct(billed, gln=OTHER_GLN, consumptionKWh=1)):
        assert reply.status == 404
        assert reply.document["detail"] == f"there is no transaction {ID}"
    assert set(await lines_of(billed)) == {ID}


async def test_an_id_may_have_any_characters(billed: World) -> None:
    await billed.settled(stop_message(transactionId="a/b?c"))
    await billed.deliver_asked()
    assert (await credit(billed, "a/b?c")).document == {"creditTransactionId": "a/b?c-C1"}


async def test_what_utility_cloud_asks_us_shows_the_credit_and_the_new_line(billed: World) -> None:
    await correct(billed, consumptionKWh=10)
    await billed.deliver_asked()
    shown = {}
    for transaction_id in (ID, C1, R1):
        reply = await billed.call("get_transaction", scope=Scope.UTILITY_CLOUD, path={"transactionId": transaction_id})
        assert reply.status == 200, reply.body
        shown[transaction_id] = reply.document
    assert sum(each["totalCostInclVat"] for each in shown.values()) == 40
    assert [each.get("creditReferenceTransactionId") for each in shown.values()] == [None, ID, ID]
    assert (shown[C1]["breakdown"], bool(shown[R1]["breakdown"])) == ([], True)
    assert {each["delivery"]["state"] for each in shown.values()} == {"delivered"}


def _schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    operation = next(each for each in operations if each["operationId"] == name)
    reference: str = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return schema


def test_the_description_says_what_may_be_sent() -> None:
    document = described(ENDPOINTS.values(), version="1")
    correction = _schema(document, "correct_transaction")
    assert correction["required"] == ["reason"]
    assert set(correction["properties"]) == {"reason", "timestampStart", "timestampEnd", "consumptionKWh", "tariffId"}
    assert {"type": "number", "minimum": 0, "maximum": 1_000_000} in correction["properties"]["consumptionKWh"]["anyOf"]
    assert set(_schema(document, "credit_transaction")["properties"]) == {"reason"}
