"""A key that holds, used for what it is not for, is in its operator's log, and floods it with nothing."""

import json
from typing import Any

import pytest

from functions.http_endpoint import ENDPOINTS
from shared.faults import StorageUnavailable
from shared.operators import Scope
from tests.unit.functions.app_support import GLN, OTHER_GLN, PLATFORM_KEY, App

TRANSACTIONS = "/api/v1/transactions"
EVENTS = "/api/v1/charging-events"


async def logged(app: App, gln: str = GLN) -> list[dict[str, Any]]:
    """What was refused."""
    await app.quiet()
    reply = await app.send("GET", f"/api/v1/operators/{gln}/logs?action=request-refused&limit=1000")
    found: list[dict[str, Any]] = json.loads(reply.body)["items"]
    return found


async def knocks(app: App, *, scope: Scope = Scope.CHARGING_PLATFORM, url: str = TRANSACTIONS, gln: str = GLN) -> None:
    """A key of another scope is refused."""
    assert (await app.send("GET", url, key=app.keys[(gln, scope)])).status == 403


def rows_of(app: App) -> set[str]:
    """Every row of the log, of whomever."""
    return {f"{name} {key}" for name, held in app.ledger._partitions.items() for key in held.rows}


async def test_a_key_of_the_wrong_scope_is_in_the_log_of_its_operator(app: App) -> None:
    await knocks(app)
    [entry] = await logged(app)
    assert (entry["direction"], entry["endpoint"], entry["responseCode"]) == ("in", "api/v1/transactions", 403)
    assert "a key of the scope utility-cloud" in entry["message"]
    assert f"charging-platform of {GLN}" in entry["message"]
    assert entry["referenceId"] in entry["message"]
    assert entry["referenceId"].startswith(GLN)
    assert entry["durationMs"] >= 0
    assert await logged(app, OTHER_GLN) == []


async def test_neither_body_nor_query_nor_path_nor_key_are_written_down(app: App) -> None:
    key = app.keys[(GLN, Scope.UTILITY_CLOUD)]
    body = {"transactionId": "s3cr3t-body"}
    assert (await app.send("POST", f"{EVENTS}?x=s3cr3t-query", body, key=key)).status == 403
    foreign = f"/api/v1/operators/{OTHER_GLN}/drivers/s3cr3t-path"
    assert (await app.send("DELETE", foreign, key=key)).status == 403
    found = await logged(app)
    assert len(found) == 2
    assert {(each["payload"], each["answer"]) for each in found} == {(None, None)}
    assert not any(told in json.dumps(found) for told in ("s3cr3t", key, key[-20:], OTHER_GLN))


async def test_once_a_minute_for_each_key_and_route_however_often_it_knocks(app: App) -> None:
    for _ in range(20):
        await knocks(app)
        await knocks(app, scope=Scope.OPERATOR_ADMIN)
        await knocks(app, scope=Scope.OPERATOR_ADMIN, url=f"{TRANSACTIONS}/1")
        await knocks(app, scope=Scope.OPERATOR_ADMIN, url=f"{TRANSACTIONS}/2")
    assert len(await logged(app)) == 3
    app.clock.move(minutes=1)
    await knocks(app)
    assert len(await logged(app)) == 4


@pytest.mark.parametrize("key", [None, "nobody", f"ucc_{GLN}_{'a' * 12}_{'x' * 43}", PLATFORM_KEY])
async def test_who_is_not_known_or_is_no_operators_is_not_written_down(app: App, key: str | None) -> None:
    before = rows_of(app)
    assert (await app.send("GET", TRANSACTIONS, key=key)).status in {401, 403}
    await app.quiet()
    assert rows_of(app) == before


async def test_a_key_that_ended_is_no_more_in_the_log_than_one_that_never_was(app: App) -> None:
    key = app.keys[(GLN, Scope.CHARGING_PLATFORM)]
    keys = (await app.send("GET", f"/api/v1/operators/{GLN}/api-keys")).document["items"]
    [key_id] = [each["keyId"] for each in keys if each["scope"] == Scope.CHARGING_PLATFORM]
    assert (await app.send("DELETE", f"/api/v1/operators/{GLN}/api-keys/{key_id}")).status == 204
    assert (await app.send("GET", TRANSACTIONS, key=key)).status == 401
    assert await logged(app) == []


async def test_a_log_that_is_away_makes_no_other_answer(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(**what: Any) -> Any:
        raise StorageUnavailable(detail="x")

    monkeypatch.setattr(app.ledger, "commit", away)
    await knocks(app)
    await app.quiet()
    monkeypatch.undo()
    assert await logged(app) == []


async def test_what_is_allowed_is_no_entry(app: App) -> None:
    assert (await app.send("GET", TRANSACTIONS, key=app.keys[(GLN, Scope.UTILITY_CLOUD)])).status == 200
    assert await logged(app) == []
    assert "list_transactions" in ENDPOINTS
