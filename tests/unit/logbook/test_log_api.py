"""The log over HTTP: who sees which entries, how they are asked for, and how they look."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from shared.contracts import Envelope, PoisonEvent, home_without_operator
from shared.identifiers import OperatorHome
from shared.logbook import Direction, LogEntry
from shared.operators import Scope
from tests.unit.functions.app_support import GLN, NEW_GLN, OTHER_GLN, App, Reply
from tests.unit.logbook.entries import AT, entry

HOME = OperatorHome(gln=GLN, buckets=4)
ROUTE = f"/api/v1/operators/{GLN}/logs"
ONE = entry(1, reference_id="707057500000000018", payload='{"clientSecret":"s3cr3t","a":[1.50]}', duration_ms=7)
TWO = entry(2, direction=Direction.OUT, action="invoice-line", response_code=409, answer="<html>no JSON</html>")
THREE = entry(3, message="no driver ever had 04FF", payload=b"\xff\x00{")


@pytest.fixture
async def app() -> AsyncIterator[App]:
    running = await App().start()
    for each in (ONE, TWO, THREE):
        await running.wiring.logbook.write(home=HOME, entry=each)
    yield running
    await running.close()


async def ids(app: App, **query: Any) -> list[str]:
    reply = await app.send("GET", f"{ROUTE}?{urlencode(query)}")
    assert reply.status == 200, reply.body
    return [item["id"] for item in reply.document["items"]]


async def test_an_entry_is_shown_with_json_as_json_and_without_its_secrets(app: App) -> None:
    reply = await app.send("GET", f"{ROUTE}?referenceId=707057500000000018")
    assert reply.document == {
        "items": [
            {
                "id": ONE.id,
                "at": "2026-01-15T09:30:01Z",
                "direction": "in",
                "endpoint": "topic",
                "action": "ContractActivated",
                "responseCode": 200,
                "referenceId": "707057500000000018",
                "durationMs": 7,
                "message": "driver created",
                "payload": {"clientSecret": "***", "a": [1.5]},
                "answer": None,
            }
        ],
        "continuation": None,
    }
    assert b"1.50" in reply.body  # numbers as they were written


async def test_what_was_no_json_is_shown_as_text(app: App) -> None:
    reply = await app.send("GET", ROUTE)
    assert reply.document["items"][0]["payload"] == "\ufffd\x00{"
    assert [item["answer"] for item in reply.document["items"]] == [None, "<html>no JSON</html>", None]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [THREE, TWO, ONE]),
        ({"direction": "out"}, [TWO]),
        ({"action": "invoice-line"}, [TWO]),
        ({"responseCode": "409"}, [TWO]),
        ({"text": "ever HAD"}, [THREE]),
        ({"from": "2026-01-15T09:30:02Z"}, [THREE, TWO]),
        ({"to": "2026-01-15T09:30:02Z"}, [ONE]),
        ({"from": "2026-01-15T10:30:02+01:00", "to": "2026-01-15T10:30:03+01:00"}, [TWO]),
        ({"limit": "1"}, [THREE]),
    ],
)
async def test_each_filter_of_the_query_is_one_of_the_search(
    app: App, query: dict[str, str], expected: list[LogEntry]
) -> None:
    assert await ids(app, **query) == [each.id for each in expected]


async def test_the_continuation_goes_on_where_the_page_ended(app: App) -> None:
    seen: list[str] = []
    continuation: str | None = None
    for _ in range(3):
        query = {"limit": "1"} | ({"continuation": continuation} if continuation else {})
        reply = await app.send("GET", f"{ROUTE}?{urlencode(query)}")
        seen += [item["id"] for item in reply.document["items"]]
        continuation = reply.document["continuation"]
    assert seen == [THREE.id, TWO.id, ONE.id]
    assert continuation is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-01-15"}, "to"),
        ({"direction": "sideways"}, "direction"),
        ({"responseCode": "teapot"}, "responseCode"),
        ({"continuation": "?"}, "continuation"),
        ({"reference": "S-1"}, "reference"),
    ],
)
async def test_a_query_that_means_nothing_is_refused_by_its_field(app: App, query: dict[str, str], field: str) -> None:
    reply = await app.send("GET", f"{ROUTE}?{urlencode(query)}")
    assert reply.status == 422
    assert list(reply.faults) == [field]


async def refuse(app: App, body: bytes) -> None:
    message = Envelope(
        body=body, message_id="m", enqueued_at=AT + timedelta(days=1), sequence_number=1, subject=None, properties={}
    )
    with pytest.raises(PoisonEvent):
        await app.wiring.provisioning.carry_out(message)


def shown(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [item["action"] for item in reply.document["items"]]


async def test_poison_for_a_gln_that_is_not_set_up_is_shown_to_the_platforms_administrators_alone(app: App) -> None:
    head = '{"Header":{"EventName":"ContractActivated","ServiceType":"ChargingAgreement","TenantID":"%s"}}'
    await refuse(app, (head % NEW_GLN).encode())
    route = f"/api/v1/operators/{NEW_GLN}/logs"
    assert shown(await app.send("GET", route)) == ["ContractEventRefused"]
    assert (await app.send("GET", route, key=app.keys[(GLN, Scope.OPERATOR_ADMIN)])).status == 404


async def test_poison_that_names_no_operator_is_shown_to_the_platforms_administrators_alone(app: App) -> None:
    await refuse(app, b"no JSON")
    assert shown(await app.send("GET", "/api/v1/logs")) == ["ContractEventRefused"]
    assert (await app.send("GET", "/api/v1/logs", key=app.keys[(GLN, Scope.OPERATOR_ADMIN)])).status == 403


@pytest.mark.parametrize("gln", ["none", "708000000000", "a%23b", "7" * 400])
async def test_there_is_no_log_of_what_cannot_be_a_gln(app: App, gln: str) -> None:
    await refuse(app, b"no JSON")
    assert (await app.send("GET", f"/api/v1/operators/{gln}/logs")).status == 404


async def test_an_operator_sees_its_own_log_and_nobody_elses(app: App) -> None:
    assert shown(await app.send("GET", ROUTE, key=app.keys[(GLN, Scope.OPERATOR_ADMIN)]))
    assert (await app.send("GET", ROUTE, key=app.keys[(OTHER_GLN, Scope.OPERATOR_ADMIN)])).status == 404
    assert (await app.send("GET", ROUTE, key=app.keys[(GLN, Scope.UTILITY_CLOUD)])).status == 403
    assert (await app.send("GET", ROUTE, key=None)).status == 401
    other = f"/api/v1/operators/{OTHER_GLN}/logs"
    assert shown(await app.send("GET", other, key=app.keys[(OTHER_GLN, Scope.OPERATOR_ADMIN)])) == []


def test_what_was_refused_before_an_operator_was_set_up_stays_in_its_log() -> None:
    assert home_without_operator(GLN) == HOME
