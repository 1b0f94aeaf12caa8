"""Dead letters over HTTP: who sees which, what is said of them, what running them again and discarding them does."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from shared.contracts import Envelope
from shared.faults import StorageUnavailable
from shared.operators import Scope
from tests.unit.contracts.dead_letters_in_memory import REASON, DeadLettersInMemory
from tests.unit.contracts.events import POINT, envelope, event
from tests.unit.contracts.world import NoDispatch
from tests.unit.functions.app_support import GLN, NEW_GLN, OTHER_GLN, App, Reply

OF_ALL = "/api/v1/dead-letters"
SITE = "Payload.Contract.AccountingPoint.Details.PrivateSiteId"


def of(gln: str) -> str:
    return f"/api/v1/operators/{gln}/dead-letters"


def poison(sequence: int, *, gln: str = GLN, **fields: Any) -> Envelope:
    return envelope(event(header_TenantID=gln, details_PrivateSiteId="garage 7", **fields), sequence=sequence)


@pytest.fixture
def queue() -> DeadLettersInMemory:
    return DeadLettersInMemory()


@pytest.fixture
async def app(queue: DeadLettersInMemory) -> AsyncIterator[App]:
    running = await App().start()
    running.wiring.dispatch = NoDispatch()
    running.wiring.dead_letters = queue
    yield running
    await running.close()


async def listed(app: App, path: str = of(GLN), **query: Any) -> list[Any]:
    reply = await app.send("GET", path + "?" + "&".join(f"{name}={value}" for name, value in query.items()))
    assert reply.status == 200, reply.body
    items: list[Any] = reply.document["items"]
    return items


async def log(app: App, action: str, path: str = f"/api/v1/operators/{GLN}/logs") -> list[Any]:
    reply = await app.send("GET", f"{path}?action={action}")
    assert reply.status == 200, reply.body
    items: list[Any] = reply.document["items"]
    return items


async def test_a_dead_letter_is_shown_with_the_brokers_reason_our_own_fault_and_its_body(
    app: App, queue: DeadLettersInMemory
) -> None:
    queue.bury(replace(poison(1), sequence_number=2**53 + 1), replace(envelope(event()), sequence_number=2**53 + 2))
    passing, failing = await listed(app)
    assert failing == {
        "sequenceNumber": "9007199254740993",
        "messageId": "message-1",
        "enqueuedAt": failing["enqueuedAt"],
        "reason": REASON,
        "fault": f"{SITE}: is not an integer: 'garage 7'",
        "passing": False,
        "body": event(details_PrivateSiteId="garage 7"),
    }
    assert failing["enqueuedAt"].endswith("Z")
    assert (passing["sequenceNumber"], passing["fault"], passing["passing"]) == ("9007199254740994", None, True)


async def test_looking_writes_nothing_and_moves_nothing(app: App, queue: DeadLettersInMemory) -> None:
    queue.bury(poison(1), envelope(event(), sequence=2), envelope(b"\xff", sequence=3))
    counted = app.wiring.counts.as_mapping()
    assert len(await listed(app, OF_ALL)) == 3
    assert queue.numbers() == [1, 2, 3]
    assert (await app.send("GET", f"/api/v1/operators/{GLN}/logs")).document["items"] == []
    assert (await app.send("GET", "/api/v1/logs")).document["items"] == []
    assert app.wiring.counts.as_mapping() == counted


@pytest.mark.parametrize(
    ("body", "shown", "fault"),
    [
        (b"", "", "body: is not JSON: Expecting value at line 1, column 1"),
        (b"<xml/>", "<xml/>", "body: is not JSON: Expecting value at line 1, column 1"),
        (b"\xff\x00{}", "\ufffd\x00{}", "body: is not JSON: it is not UTF-8"),
        (b"[1.50]", [1.5], "body: is not a JSON object"),
        (b'{"Header": 7}', {"Header": 7}, "Header.EventName: is missing"),
    ],
)
async def test_what_is_no_event_at_all_is_the_platforms_to_see(
    app: App, queue: DeadLettersInMemory, body: bytes, shown: Any, fault: str
) -> None:
    queue.bury(envelope(body, sequence=4))
    (item,) = await listed(app, OF_ALL)
    assert (item["body"], item["fault"], item["passing"]) == (shown, fault, False)
    assert await listed(app) == []
    discarded = await app.send("DELETE", f"{OF_ALL}/4")
    assert discarded.status == 204
    (told,) = await log(app, "dead-letter-discarded", "/api/v1/logs")
    assert told["payload"] == shown


async def test_newest_come_first_page_by_page_while_others_come_and_go(app: App, queue: DeadLettersInMemory) -> None:
    queue.bury(*(poison(number, gln=GLN if number % 2 else OTHER_GLN) for number in range(1, 12)))
    first = (await app.send("GET", f"{of(GLN)}?limit=2")).document
    assert [item["sequenceNumber"] for item in first["items"]] == ["11", "9"]
    queue.bury(poison(13))
    queue.letters.remove(queue.letters[8])
    second = (await app.send("GET", f"{of(GLN)}?limit=2&continuation={first['continuation']}")).document
    assert [item["sequenceNumber"] for item in second["items"]] == ["7", "5"]
    last = (await app.send("GET", f"{of(GLN)}?limit=2&continuation={second['continuation']}")).document
    assert [item["sequenceNumber"] for item in last["items"]] == ["3", "1"]
    assert last["continuation"] is None
    everything = (await app.send("GET", f"{OF_ALL}?limit=1000")).document
    assert len(everything["items"]) == len(queue.letters)
    assert everything["continuation"] is None


@pytest.mark.parametrize("continuation", ["x", "-1", "1.5", "%C2%B2"])
async def test_a_continuation_that_no_list_gave_out_is_refused(app: App, continuation: str) -> None:
    reply = await app.send("GET", f"{OF_ALL}?continuation={continuation}")
    assert (reply.status, *reply.faults) == (422, "continuation")


async def test_a_page_of_very_long_messages_is_shorter_and_goes_on(app: App, queue: DeadLettersInMemory) -> None:
    queue.bury(*(envelope(b"x" * 3_000_000, sequence=number) for number in range(1, 6)))
    seen, continuation = [], ""
    while True:
        page = (await app.send("GET", f"{OF_ALL}?limit=1000{continuation}")).document
        assert 0 < len(page["items"]) <= 2
        seen += [item["sequenceNumber"] for item in page["items"]]
        if page["continuation"] is None:
            break
        continuation = f"&continuation={page['continuation']}"
    assert seen == ["5", "4", "3", "2", "1"]


async def test_an_operator_sees_and_touches_only_what_names_it(app: App, queue: DeadLettersInMemory) -> None:
    queue.bury(poison(1), poison(2, gln=OTHER_GLN), poison(3, gln=NEW_GLN), envelope(b"{}", sequence=4))
    key = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    mine = (await app.send("GET", of(GLN), key=key)).document["items"]
    assert [item["sequenceNumber"] for item in mine] == ["1"]
    for foreign in (2, 3, 4):
        for reply in (
            await app.send("DELETE", f"{of(GLN)}/{foreign}", key=key),
            await app.send("POST", f"{of(GLN)}/{foreign}/reprocess", key=key),
            await app.send("DELETE", f"{of(GLN)}/{foreign}"),
        ):
            assert (reply.status, reply.document["detail"]) == (404, f"there is no dead letter {foreign}")
    unknown = await app.send("DELETE", f"{of(GLN)}/5", key=key)
    assert (unknown.status, unknown.document["detail"]) == (404, "there is no dead letter 5")
    assert (await app.send("GET", OF_ALL, key=key)).status == 403
    assert queue.numbers() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "number", ["x", "-1", "0", "1.0", "²", "9223372036854775808", "1" * 400, "9223372036854775807"]
)
async def test_what_is_no_number_of_a_dead_letter_is_not_found(
    app: App, queue: DeadLettersInMemory, number: str
) -> None:
    queue.bury(poison(1))
    for method, path in (("DELETE", f"{OF_ALL}/{number}"), ("POST", f"{of(GLN)}/{number}/reprocess")):
        assert (await app.send(method, path)).status == 404
    assert queue.numbers() == [1]


async def test_reprocessing_one_whose_reason_has_passed_carries_it_out_and_removes_it(
    app: App, queue: DeadLettersInMemory
) -> None:
    queue.bury(poison(1), envelope(event(details_Rfid="04AB"), sequence=2))
    key = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    reply = await app.send("POST", f"{of(GLN)}/2/reprocess", key=key)
    assert (reply.status, reply.document) == (200, {"status": "processed", "fault": None})
    assert queue.numbers() == [1]
    driver = await app.send("GET", f"/api/v1/drivers/{POINT}", key=app.keys[(GLN, Scope.UTILITY_CLOUD)])
    assert driver.document["tokens"][0]["uid"] == "04AB"
    (told,) = await log(app, "dead-letter-reprocessed")
    assert told["message"].startswith(f"dead letter 2: operator-admin of {GLN} (")
    assert told["message"].endswith("ran again: processed")
    assert told["referenceId"] == POINT
    assert (await app.send("POST", f"{of(GLN)}/2/reprocess", key=key)).status == 404


async def test_reprocessing_poison_says_what_is_wrong_and_leaves_it(app: App, queue: DeadLettersInMemory) -> None:
    queue.bury(poison(1))
    for path in (of(GLN), OF_ALL):
        reply = await app.send("POST", f"{path}/1/reprocess")
        fault = f"{SITE}: is not an integer: 'garage 7'"
        assert (reply.status, reply.document) == (200, {"status": "still-failing", "fault": fault})
    assert queue.numbers() == [1]
    assert len(await log(app, "dead-letter-reprocessed")) == 2
    assert len(await log(app, "ContractEventRefused")) == 1


async def test_one_that_was_carried_out_in_other_hands_may_stay_and_doing_it_again_changes_nothing(
    app: App, queue: DeadLettersInMemory
) -> None:
    queue.bury(envelope(event(), sequence=2))
    queue.in_other_hands = {2}
    assert (await app.send("POST", f"{of(GLN)}/2/reprocess")).document["status"] == "processed"
    assert queue.numbers() == [2]
    queue.in_other_hands = set()
    assert (await app.send("POST", f"{of(GLN)}/2/reprocess")).document["status"] == "processed"
    assert queue.numbers() == []
    driver = await app.send("GET", f"/api/v1/drivers/{POINT}", key=app.keys[(GLN, Scope.UTILITY_CLOUD)])
    assert len(driver.document["tokens"]) == 1


async def test_a_discarded_one_is_gone_and_the_log_says_who_and_keeps_it(app: App, queue: DeadLettersInMemory) -> None:
    queue.bury(poison(1), poison(2))
    reply = await app.send("DELETE", f"{of(GLN)}/1", key=app.keys[(GLN, Scope.OPERATOR_ADMIN)])
    assert (reply.status, reply.body) == (204, b"")
    assert queue.numbers() == [2]
    (told,) = await log(app, "dead-letter-discarded")
    assert f"dead letter 1: operator-admin of {GLN} (" in told["message"]
    assert told["message"].endswith(f"discarded it: {REASON}; {SITE}: is not an integer: 'garage 7'")
    assert told["payload"] == json.loads(poison(1).body)


async def test_one_in_other_hands_is_not_discarded_and_nobody_says_it_was(app: App, queue: DeadLettersInMemory) -> None:
    queue.bury(poison(1))
    queue.in_other_hands = {1}
    reply = await app.send("DELETE", f"{of(GLN)}/1")
    assert (reply.status, reply.headers["retry-after"]) == (409, "5")
    assert queue.numbers() == [1]
    assert await log(app, "dead-letter-discarded") == []


async def test_while_the_queue_is_away_everything_says_that_it_can_be_tried_again(app: App) -> None:
    class Away(DeadLettersInMemory):
        async def walk(self, *, first: int = 1) -> Any:
            raise StorageUnavailable(detail="the dead-letter queue cannot be reached: refused")
            yield

    app.wiring.dead_letters = Away()
    replies: list[Reply] = [
        await app.send("GET", of(GLN)),
        await app.send("POST", f"{OF_ALL}/1/reprocess"),
        await app.send("DELETE", f"{OF_ALL}/1"),
    ]
    assert [(reply.status, "retry-after" in reply.headers) for reply in replies] == [(503, True)] * 3
