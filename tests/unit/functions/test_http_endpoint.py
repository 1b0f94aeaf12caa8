"""The wrapper: in which order it refuses, what it says, and what it lets be seen."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import azure.functions as func
import pytest
from pydantic import BaseModel

from functions.call import Answer, Call, Observation
from functions.http_endpoint import ENDPOINTS, MAX_BODY, endpoint
from shared.faults import RowConflict, StorageUnavailable
from shared.operators import Scope
from shared.settings import SettingsFaulty
from shared.wiring import Wiring, use_wiring
from tests.unit.functions.app_support import GLN, NEW_GLN, OTHER_GLN, PLATFORM_KEY, App, Reply

ROUTE = "api/v1/operators/{gln}/probe"


class Line(BaseModel):
    """A line of a probe."""

    price: Decimal


class Probe(BaseModel):
    """What the probe takes."""

    lines: list[Line] = []


class Door:
    """An endpoint of a test's own, which does what it is told."""

    def __init__(self, *, scope: Scope | None = Scope.OPERATOR_ADMIN, route: str = ROUTE, **more: Any) -> None:
        self.calls: list[Call] = []
        self.seen: list[Observation] = []
        self.does: Callable[[Call, Any], Awaitable[Answer]] = self._nothing
        self.observing: Callable[[], Awaitable[None]] | None = None

        async def probe(call: Call, body: Probe) -> Answer:
            self.calls.append(call)
            return await self.does(call, body)

        blueprint = func.Blueprint()
        self.function = endpoint(
            blueprint,
            "POST",
            route,
            scope=scope,
            body=Probe,
            answers={200: None},
            summary="probe",
            observe=self._observe,
            **more,
        )(probe)

    async def _nothing(self, call: Call, body: Any) -> Answer:
        return Answer()

    async def _observe(self, observation: Observation) -> None:
        self.seen.append(observation)
        if self.observing is not None:
            await self.observing()

    async def knock(self, raw: bytes = b"{}", *, key: str | None = PLATFORM_KEY, **path: str) -> Reply:
        """One request."""
        headers = {} if key is None else {"Authorization": key}
        request = func.HttpRequest("POST", "/", headers=headers, route_params=path or {"gln": GLN}, body=raw)
        return Reply(await self.function(request))


@pytest.fixture
def door(app: App) -> Iterator[Door]:
    """A door, and the app's endpoints as they were."""
    before = dict(ENDPOINTS)
    yield Door()
    ENDPOINTS.clear()
    ENDPOINTS.update(before)


async def test_a_body_over_256_kb_is_refused_before_anything_is_looked_at(app: App, door: Door) -> None:
    reads = app.rows.reads
    assert (await door.knock(b" " * (MAX_BODY + 1), key="nobody")).status == 413
    assert app.rows.reads == reads
    assert (await door.knock(b" " * (MAX_BODY - 2) + b"{}")).status == 200


async def test_refusals_come_in_their_order(app: App, door: Door) -> None:
    bad, wrong = b"{", b'{"lines": 5}'
    utility, admin = app.keys[(GLN, Scope.UTILITY_CLOUD)], app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    assert (await door.knock(bad, key="nobody", gln=OTHER_GLN)).status == 401
    assert (await door.knock(bad, key=utility, gln=OTHER_GLN)).status == 403
    assert (await door.knock(bad, key=admin, gln=OTHER_GLN)).status == 404
    assert (await door.knock(bad, key=admin)).status == 400
    assert (await door.knock(wrong, key=admin)).status == 422
    assert (await door.knock(key=admin)).status == 200
    assert len(door.calls) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[1,]",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'{"\\udc00": 1}',
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000,
        b'{"a": 1e400}',
        b"1" * 5000,
        b'{"a": "\n"}',
        b"{} {}",
    ],
)
async def test_what_is_not_json_is_told_in_words(door: Door, raw: bytes) -> None:
    reply = await door.knock(raw)
    assert (reply.status, reply.media_type) == (400, "application/problem+json")
    assert reply.document["detail"]
    assert "%r" not in reply.document["detail"]


async def test_faults_are_named_by_their_path_and_never_repeat_the_input(door: Door) -> None:
    reply = await door.knock(b'{"lines": [{"price": 1}, {"price": "s3cr3t"}, {}]}')
    assert list(reply.faults) == ["lines[1].price", "lines[2].price"]
    assert b"s3cr3t" not in reply.body
    assert (await door.knock(b"[]")).faults.keys() == {""}


async def test_an_answer_is_exact(door: Door) -> None:
    async def figures(call: Call, body: Any) -> Answer:
        return Answer(status=201, document={"a": Decimal("1.10"), "at": datetime(2026, 1, 1, tzinfo=UTC), "n": "Ø"})

    door.does = figures
    reply = await door.knock()
    assert reply.body == '{"a":1.10,"at":"2026-01-01T00:00:00Z","n":"Ø"}'.encode()
    assert (reply.status, reply.media_type, reply.headers["cache-control"]) == (201, "application/json", "no-store")


@pytest.mark.parametrize("document", [{"a": Decimal("NaN")}, {"a": float("inf")}, {"a": object()}])
async def test_what_json_cannot_say_is_our_fault(
    door: Door, document: object, caplog: pytest.LogCaptureFixture
) -> None:
    async def unsayable(call: Call, body: Any) -> Answer:
        return Answer(document=document)

    door.does = unsayable
    assert (await door.knock()).status == 500
    assert caplog.records


async def test_an_error_that_nobody_foresaw_is_logged_and_not_told(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(call: Call, body: Any) -> Answer:
        raise RuntimeError("the password is hunter2")

    door.does = breaks
    reply = await door.knock()
    assert reply.status == 500
    assert b"hunter2" not in reply.body
    assert "detail" not in reply.document
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "breaks" in caplog.text


async def test_storage_that_is_away_is_503_with_retry_after(door: Door) -> None:
    async def away(call: Call, body: Any) -> Answer:
        raise StorageUnavailable(detail="x")

    door.does = away
    reply = await door.knock()
    assert (reply.status, reply.headers["retry-after"]) == (503, "5")


async def test_a_conflict_that_nobody_resolved_is_409(door: Door) -> None:
    async def conflict(call: Call, body: Any) -> Answer:
        raise RowConflict(partition="p")

    door.does = conflict
    assert (await door.knock()).status == 409


async def test_an_operator_may_be_missing_where_the_endpoint_says_so(app: App, door: Door) -> None:
    assert (await door.knock(gln=NEW_GLN)).status == 404
    del ENDPOINTS["probe"]
    open_door = Door(operator_may_be_missing=True)
    assert (await open_door.knock(gln=NEW_GLN)).status == 200
    assert open_door.calls[0].known_operator is None
    assert (await open_door.knock(gln=NEW_GLN, key=app.keys[(GLN, Scope.OPERATOR_ADMIN)])).status == 404
    assert (await open_door.knock(gln="../x", key=PLATFORM_KEY)).status == 200


async def test_without_a_gln_in_the_path_the_operator_is_the_keys(app: App, door: Door) -> None:
    del ENDPOINTS["probe"]
    other = Door(scope=Scope.CHARGING_PLATFORM, route="api/v1/probe")
    assert (await other.knock(key=app.keys[(OTHER_GLN, Scope.CHARGING_PLATFORM)], x="y")).status == 200
    assert (other.calls[0].operator.gln, other.calls[0].gln) == (OTHER_GLN, OTHER_GLN)
    assert (await other.knock(key=PLATFORM_KEY, x="y")).status == 403


async def test_what_is_refused_from_a_known_caller_is_observed_raw(app: App, door: Door) -> None:
    key = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    await door.knock(b"not json", key=key)
    await door.knock(b'{"lines": 1}', key=key)
    await door.knock(b"not json", key="nobody")
    seen = [(one.status, one.raw_body, one.call.operator.gln if one.call else None) for one in door.seen]
    assert seen == [(400, b"not json", GLN), (422, b'{"lines": 1}', GLN), (401, b"not json", None)]
    assert b"not-json" in door.seen[0].answer
    assert door.seen[0].duration > timedelta(0)


async def test_what_could_not_be_noted_down_is_not_acknowledged(door: Door) -> None:
    async def away() -> None:
        raise StorageUnavailable(detail="x")

    door.observing = away
    assert (await door.knock()).status == 503
    assert (await door.knock(b"not json")).status == 503


async def test_a_request_that_is_given_up_is_not_answered(door: Door) -> None:
    started = asyncio.Event()

    async def forever(call: Call, body: Any) -> Answer:
        started.set()
        await asyncio.Event().wait()
        return Answer()

    door.does = forever
    task = asyncio.create_task(door.knock())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_handler_sees_headers_but_never_the_key(app: App, door: Door) -> None:
    key = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    assert (await door.knock(key=key)).status == 200
    request = func.HttpRequest(
        "POST", "/", headers={"X-API-Key": key, "If-Match": "x"}, route_params={"gln": GLN}, body=b"{}"
    )
    assert (await door.function(request)).status_code == 200
    assert door.calls[1].header("IF-MATCH") == "x"
    assert not any(key in repr(call) for call in door.calls)


async def test_two_endpoints_of_one_name_are_refused(door: Door) -> None:
    with pytest.raises(ValueError, match="probe"):
        Door()


async def test_faulty_settings_are_told_by_name_on_every_route(
    app: App, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TableStorage", "ContractEventsTopic", "KeyVaultUri", "AllowLocalSecretStore"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PlatformAdminKeyHash", "s3cr3t")
    use_wiring(Wiring())
    reply = await door.knock()
    assert reply.status == 503
    assert all(name in reply.document["detail"] for name in ("TableStorage", "ContractEventsTopic", "KeyVaultUri"))
    assert b"s3cr3t" not in reply.body
    with pytest.raises(SettingsFaulty):
        _ = Wiring().settings
    assert (await app.send("GET", "/health", key=None)).status == 503
    use_wiring(app.wiring)
