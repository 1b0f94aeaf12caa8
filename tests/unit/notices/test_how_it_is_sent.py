"""A notice arrives under one id however often it is tried, and nobody waits for another's address."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from local.sandbox.demo_operators import notices_secret
from shared.faults import StorageUnavailable
from shared.json_documents import print_json
from shared.notices import NoticeState
from shared.operators import Scope
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.notices.receiver import Receiver, line, listening, minute, rejected
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN
from tests.unit.sessions.world import World, world
from tests.unit.sessions.world_parts import YieldingRows


@pytest.fixture(autouse=True)
def no_dead_letters(town: World) -> None:
    """The broker has none."""
    town.wiring.dead_letters = DeadLettersInMemory()


@pytest.fixture
async def told(town: World) -> Receiver:
    """A receiver that will be told of a refused line."""
    receiver = await listening(town)
    await line(town, "1")
    await rejected(town, "1")
    return receiver


async def notices(town: World) -> list[dict[str, Any]]:
    reply = await town.call("list_notices", scope=Scope.OPERATOR_ADMIN)
    assert reply.status == 200, reply.body
    items: list[dict[str, Any]] = reply.document["items"]
    return items


async def test_what_is_not_taken_is_tried_again_with_growing_pauses_under_the_same_id(
    town: World, told: Receiver
) -> None:
    told.statuses = [500] * 5 + [301]
    sent_at = []
    for number in range(200):
        before = len(told.got)
        await minute(town)
        sent_at += [number] * (len(told.got) - before)
    assert sent_at == [0, 1, 3, 8, 23, 53, 113]
    assert len(set(told.ids())) == 1
    assert len({each.content for each in told.got}) == 1
    (notice,) = await notices(town)
    assert (notice["state"], notice["attempts"], notice["responseCode"]) == ("sent", 7, 204)
    assert notice["noticeId"] == told.ids()[0]


async def test_after_a_day_it_is_given_up(town: World, told: Receiver) -> None:
    told.by_gln = {GLN: 503}
    await minute(town, times=26, hours=1)
    (notice,) = await notices(town)
    assert (notice["state"], notice["nextAttemptAt"]) == ("given-up", None)
    tries = len(told.got)
    assert tries > 5
    await minute(town, times=5, hours=1)
    assert len(told.got) == tries


async def test_what_comes_while_the_address_is_dead_is_one_notice_afterwards(town: World, told: Receiver) -> None:
    told.by_gln = {GLN: 503}
    await minute(town)
    for number in range(2, 6):
        await line(town, str(number))
        await rejected(town, str(number))
        await minute(town, hours=1)
    told.by_gln = {}
    await minute(town, times=4, hours=1)
    assert [each["details"] for each in told.told()[-2:]] == [["1"], ["2", "3", "4", "5"]]
    assert len(set(told.ids())) == 2


async def test_410_ends_it_until_a_test_is_taken(town: World, told: Receiver) -> None:
    told.statuses = [410]
    await minute(town)
    await line(town, "2")
    await rejected(town, "2")
    await minute(town, times=3, hours=1)
    assert len(told.got) == 1
    silent = (await town.call("list_notices", scope=Scope.OPERATOR_ADMIN)).document
    assert silent["silencedAt"] is not None
    assert silent["items"][0]["state"] == "given-up"
    (entry,) = await town.log(action="notice-sent")
    assert "wants nothing more" in entry["message"]
    told.statuses = [410]
    assert (await town.call("try_notices", scope=Scope.OPERATOR_ADMIN)).document["taken"] is False
    await minute(town)
    assert len(told.got) == 2
    reply = await town.call("try_notices", scope=Scope.OPERATOR_ADMIN)
    assert (reply.status, reply.document["taken"], reply.document["responseCode"]) == (200, True, 204)
    assert (await town.call("list_notices", scope=Scope.OPERATOR_ADMIN)).document["silencedAt"] is None
    await minute(town)
    assert told.kinds() == ["line-rejected", "test", "test", "line-rejected"]


async def test_every_sending_is_in_the_log_without_the_secret_and_the_path(town: World, told: Receiver) -> None:
    told.statuses = [500]
    await minute(town, times=2)
    second, first = await town.log(action="notice-sent")
    assert (first["responseCode"], second["responseCode"]) == (500, 204)
    assert first["endpoint"] == "https://hooks.example.com"
    assert first["payload"]["type"] == "line-rejected"
    assert first["referenceId"] == told.ids()[0]
    assert "whsec_" not in print_json([first, second])


async def test_a_dead_address_delays_nobody(town: World, told: Receiver) -> None:
    stuck, freed = asyncio.Event(), asyncio.Event()

    async def hang(request: httpx.Request) -> None:
        if request.url.path.endswith(GLN):
            stuck.set()
            await freed.wait()

    await listening(town, OTHER_GLN, receiver=told)
    entra_expires = town.clock.now() + timedelta(days=3)
    other = await town.wiring.directory.operator(OTHER_GLN)
    assert other is not None
    assert other.entra is not None
    await town.operator(OTHER_GLN, entra=replace(other.entra, secret_expires_at=entra_expires))
    told.hangs = hang
    running = asyncio.create_task(minute(town))
    async with asyncio.timeout(30):
        await stuck.wait()
        while not told.told(OTHER_GLN):  # noqa: ASYNC110  it cannot call back
            await asyncio.sleep(0.001)
    assert told.kinds(OTHER_GLN) == ["secret-expiring"]
    freed.set()
    await running


class DyingRows(YieldingRows):
    """Rows that are away from one commit on."""

    commits_left = 10**9

    async def commit(self, **what: Any) -> Any:
        """See `Rows.commit`."""
        if any(change.key.startswith("notice") for change in what["changes"]):
            if self.commits_left <= 0:
                raise StorageUnavailable(detail="the test says so")
            self.commits_left -= 1
        return await super().commit(**what)


@pytest.mark.parametrize("survived", [0, 1])
async def test_a_crash_anywhere_loses_nothing_and_repeats_only_under_the_same_id(survived: int) -> None:
    rows = DyingRows()
    async with world(configuration=rows) as town:
        await town.operator(default_tariff_id="flat")
        await town.tariff("flat")
        await town.contract()
        town.wiring.dead_letters = DeadLettersInMemory()
        receiver = await listening(town)
        await line(town, "1")
        await rejected(town, "1")
        rows.commits_left = survived
        await minute(town)
        assert len(receiver.got) == survived  # it is written before it is sent
        rows.commits_left = 10**9
        await minute(town, times=3)
        assert len(receiver.got) == 1 + survived
        assert len(set(receiver.ids())) == 1


async def test_old_notices_go(town: World, told: Receiver) -> None:
    await minute(town)
    await minute(town, days=91)
    await line(town, "2")
    await rejected(town, "2")
    await minute(town)
    assert [each["body"]["data"]["details"] for each in await notices(town)] == [["2"]]


async def test_without_an_address_there_is_nothing_to_try(town: World) -> None:
    assert (await town.call("try_notices", scope=Scope.OPERATOR_ADMIN)).status == 409


async def test_it_arrives_at_a_real_receiver_with_a_signature_that_it_believes(connected: World) -> None:
    connected.wiring.dead_letters = DeadLettersInMemory()
    connected.clock.at = datetime.now(UTC)
    assert connected.sandbox is not None
    url = f"{connected.sandbox.url}/notices/{GLN}"
    configured = (await connected.call("get_operator", scope=Scope.OPERATOR_ADMIN)).document
    configured["notices"] = {"url": url, "secret": notices_secret(GLN)}
    put = await connected.call("put_operator", scope=Scope.OPERATOR_ADMIN, body=configured)
    assert put.status == 200, put.body
    assert (await connected.call("try_notices", scope=Scope.OPERATOR_ADMIN)).document["responseCode"] == 204
    (seen,) = await connected.seen("notices")
    assert (seen["fault"], seen["body"]["type"]) == (None, "test")
    connected.clock.move(seconds=1)
    await connected.fault("notices", "status", status=503, times=1)
    tried = (await connected.call("try_notices", scope=Scope.OPERATOR_ADMIN)).document
    assert (tried["taken"], tried["responseCode"]) == (False, 503)
    assert [each["state"] for each in await notices(connected)] == [NoticeState.GIVEN_UP, NoticeState.SENT]
