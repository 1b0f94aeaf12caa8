"""Dead letters on the real stack and the real broker: looked at, run again, discarded, and by the timer."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from functions.upkeep import redrive_alone
from shared.clock import SystemClock
from shared.wiring import CONFIGURATION, LEDGER, Wiring
from tests.stack.whole_stack import COSTED, METERED, WholeStack, shared_stack
from tests.unit.contracts.buried import Graveyards, graveyards
from tests.unit.contracts.events import event
from tests.unit.contracts.world import NoDispatch, World

PATIENCE_SECONDS = 60
OF_ALL = "/api/v1/dead-letters"


def of(gln: str) -> str:
    return f"/api/v1/operators/{gln}/dead-letters"


def new_point() -> str:
    return f"7070575{uuid.uuid4().int % 10**11:011d}"


def contract(name: str, point: str, *, days_ago: float = 1, **fields: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    return event(name, at=at.isoformat(), point_Identification=point, contract_ContractID=f"C-{point}", **fields)


class Letters:
    """Publishes events, and looks at dead letters as an operator or the platform does."""

    def __init__(self, whole: WholeStack, service_bus: ServiceBusClient) -> None:
        self.whole = whole
        self._sender = service_bus.get_topic_sender(whole.stack.settings["ContractEventsTopic"])
        headers = {"x-api-key": whole.stack.platform_admin_key}
        self.platform = httpx.Client(base_url=whole.stack.functions_url, headers=headers, timeout=60, trust_env=False)

    def close(self) -> None:
        self._sender.close()
        self.platform.close()

    def publish(self, document: object, **given: Any) -> str:
        """Gives the message's id."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        message_id = uuid.uuid4().hex
        self._sender.send_messages(ServiceBusMessage(body, message_id=message_id, **given))
        return message_id

    def all(self, *, limit: int = 1000) -> dict[str, Any]:
        """What the platform sees, by message id, page by page."""
        found: list[Any] = []
        query: dict[str, str] = {"limit": str(limit)}
        while True:
            page = self.platform.get(OF_ALL, params=query).raise_for_status().json()
            found += page["items"]
            if page["continuation"] is None:
                break
            query["continuation"] = page["continuation"]
        numbers = [int(item["sequenceNumber"]) for item in found]
        assert numbers == sorted(numbers, reverse=True)
        return {item["messageId"]: item for item in found}

    def of_operator(self, gln: str) -> dict[str, Any]:
        """What an operator sees, by message id."""
        answer = self.whole.call("GET", f"{of(gln)}?limit=1000", scope="operator-admin", gln=gln)
        return {item["messageId"]: item for item in answer.raise_for_status().json()["items"]}

    def act(self, method: str, gln: str, number: str, what: str = "") -> httpx.Response:
        """With the operator's own key."""
        return self.whole.call(method, f"{of(gln)}/{number}{what}", scope="operator-admin", gln=gln)

    def log(self, action: str, gln: str = COSTED) -> list[Any]:
        """What the operator's log has of this."""
        answer = self.whole.call(
            "GET", f"/api/v1/operators/{gln}/logs?action={action}", scope="operator-admin", gln=gln
        )
        items: list[Any] = answer.raise_for_status().json()["items"]
        return items


def eventually[T](read: Callable[[], T], matches: Callable[[T], object]) -> T:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not matches(found := read()):
        assert time.monotonic() < deadline, found
    return found


@pytest.fixture(scope="module")
def letters(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Letters]:
    whole = shared_stack(request.config, tmp_path_factory)
    with ServiceBusClient.from_connection_string(whole.stack.service_bus_connection) as client:
        made = Letters(whole, client)
        yield made
        made.close()


@pytest_asyncio.fixture
async def yards() -> AsyncIterator[Graveyards]:
    async with graveyards() as made:
        yield made


def test_whatever_cannot_be_read_is_listed_with_what_is_wrong_with_it_and_can_be_discarded(letters: Letters) -> None:
    given = {
        letters.publish(b""): "body: is not JSON: Expecting value at line 1, column 1",
        letters.publish(b"\xff\xfe no text"): "body: is not JSON: it is not UTF-8",
        letters.publish(b"<event/>", content_type="application/xml"): (
            "body: is not JSON: Expecting value at line 1, column 1"
        ),
        letters.publish(b'"a text"', content_type="text/plain"): "body: is not a JSON object",
    }
    dead = eventually(letters.all, lambda found: given.keys() <= found.keys())
    assert {message_id: dead[message_id]["fault"] for message_id in given} == given
    assert {dead[message_id]["reason"] for message_id in given} == {"MaxDeliveryCountExceeded"}
    assert letters.all(limit=3).keys() == dead.keys()
    assert not given.keys() & letters.of_operator(COSTED).keys()
    numbers = [dead[message_id]["sequenceNumber"] for message_id in given]
    assert letters.act("DELETE", COSTED, numbers[0]).status_code == 404
    for number in numbers:
        assert letters.platform.delete(f"{OF_ALL}/{number}").status_code == 204
    assert not given.keys() & letters.all().keys()


def test_an_operator_sees_its_own_runs_one_again_when_its_reason_has_passed_and_discards_another(
    letters: Letters,
) -> None:
    holder, waiting, tag = new_point(), new_point(), uuid.uuid4().hex[:14].upper()
    letters.publish(contract("ContractActivated", holder, days_ago=3, details_Rfid=tag))
    letters.whole.eventually(f"/api/v1/drivers/{holder}", lambda driver: driver["status"] == "active")
    taken = letters.publish(contract("ContractActivated", waiting, days_ago=2, details_Rfid=tag))
    hopeless = letters.publish(contract("ContractActivated", new_point(), details_Rfid="0" * 21))
    foreign = letters.publish(
        contract("ContractActivated", new_point(), details_Rfid="0" * 21, header_TenantID=METERED)
    )
    dead = eventually(letters.all, lambda found: {taken, hopeless, foreign} <= found.keys())
    assert {taken, hopeless} <= letters.of_operator(COSTED).keys()
    assert foreign in letters.of_operator(METERED)
    assert foreign not in letters.of_operator(COSTED)
    number = dead[taken]["sequenceNumber"]
    assert letters.act("POST", METERED, number, "/reprocess").status_code == 404

    again = letters.act("POST", COSTED, number, "/reprocess").json()
    assert again["status"] == "still-failing"
    assert again["fault"].endswith(f"{tag} is in use by driver {holder}")
    letters.publish(contract("ContractTerminated", holder, days_ago=1))
    letters.whole.eventually(f"/api/v1/drivers/{holder}", lambda driver: driver["status"] == "terminated")
    assert letters.of_operator(COSTED)[taken]["passing"] is True
    assert letters.act("POST", COSTED, number, "/reprocess").json() == {"status": "processed", "fault": None}
    driver = letters.whole.eventually(f"/api/v1/drivers/{waiting}", lambda driver: driver["status"] == "active")
    assert driver["tokens"][0]["uid"] == tag
    assert letters.act("POST", COSTED, number, "/reprocess").status_code == 404

    assert letters.act("DELETE", COSTED, dead[hopeless]["sequenceNumber"]).status_code == 204
    left = letters.all()
    assert foreign in left
    assert not {taken, hopeless} & left.keys()
    kept = next(entry for entry in letters.log("dead-letter-discarded") if entry["payload"] == dead[hopeless]["body"])
    assert "discarded it: MaxDeliveryCountExceeded; Payload.Contract.AccountingPoint.Details.Rfid" in kept["message"]


def test_poison_is_counted_by_messages_not_by_deliveries(letters: Letters) -> None:
    def counted() -> int:
        counts = letters.platform.get("/api/v1/counts").json()["counts"]
        return int(counts.get("contract-events.poison", 0))

    before = counted()
    points = [new_point() for _ in range(3)]
    sent = {letters.publish(contract("ContractActivated", point, details_Rfid="0" * 21)) for point in points}
    eventually(letters.all, lambda found: sent <= found.keys())
    assert counted() == before + 3


@pytest.mark.long
async def test_behind_a_thousand_poison_messages_one_that_passes_is_found_and_two_timers_carry_it_out_once(
    yards: Graveyards,
) -> None:
    world = World()
    await world.set_up()
    yard = await yards.new()
    fine = ServiceBusMessage(json.dumps(event()).encode(), message_id="fine")
    await yard.bury(*(ServiceBusMessage(b'{"Header":', message_id=f"p-{number}") for number in range(1000)), fine)
    processes = []
    for _ in range(2):
        tables = {CONFIGURATION: world.configuration, LEDGER: world.rows}
        wiring = Wiring(settings=world.wiring.settings, clock=SystemClock(), tables=tables)
        wiring.dispatch = NoDispatch()
        wiring.dead_letters = yard.new_dead_letters()
        processes.append(wiring)
    await asyncio.gather(*map(redrive_alone, processes))
    left = await yard.letters()
    assert [letter.envelope.message_id for letter in left] == [f"p-{number}" for number in range(1000)]
    assert [entry.action for entry in await world.log()] == ["ContractActivated"]
    await redrive_alone(processes[0])  # it may be the one that did nothing before
    world.rows.asked.clear()
    await redrive_alone(processes[0])
    assert world.rows.asked == []
    assert len(await yard.emptied(1000)) == 1000
