"""Contract events on the real stack: published by the SDK, carried out by the function, or left to the dead letters."""

import json
import os
import random
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusSubQueue

from local.stack import TABLES
from shared.identifiers import gln_fault
from tests.stack.whole_stack import COSTED, METERED, WholeStack, shared_stack
from tests.unit.contracts.events import EVENTS, event, sample

UNKNOWN_GLN = "7080000009992"
PATIENCE_SECONDS = 60


class Events:
    """What these tests do with the stack."""

    def __init__(self, stack: WholeStack, service_bus: ServiceBusClient) -> None:
        self.stack = stack.stack
        settings = self.stack.settings
        self._whole = stack
        self._topic = settings["ContractEventsTopic"]
        names = (self._topic, settings["ContractEventsSubscription"])
        self._sender = service_bus.get_topic_sender(self._topic)
        self._waiting = service_bus.get_subscription_receiver(*names)
        self._dead = service_bus.get_subscription_receiver(*names, sub_queue=ServiceBusSubQueue.DEAD_LETTER)
        self._http = httpx.Client(
            base_url=self.stack.functions_url, trust_env=False, headers={"x-api-key": self.stack.platform_admin_key}
        )

    def close(self) -> None:
        for handler in (self._sender, self._waiting, self._dead):
            handler.close()
        self._http.close()

    def publish(self, document: object, *, subject: str | None = None, **properties: str) -> str:
        """Gives the message's id."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        message_id = uuid.uuid4().hex
        given: dict[Any, Any] = {**properties}
        self._sender.send_messages(
            ServiceBusMessage(
                body,
                message_id=message_id,
                subject=subject,
                application_properties=given or None,
            )
        )
        return message_id

    def waiting(self) -> list[ServiceBusReceivedMessage]:
        """What is published and neither carried out nor given up."""
        return self._waiting.peek_messages(max_message_count=100, sequence_number=1)

    def dead_letters(self) -> dict[str, ServiceBusReceivedMessage]:
        """By their ids."""
        return {str(message.message_id): message for message in self._dead.peek_messages(250, sequence_number=1)}

    def driver(self, external_id: str, *, gln: str = COSTED) -> Any:
        """As Utility Cloud is told; None for 404."""
        answer = self._whole.call("GET", f"/api/v1/drivers/{external_id}", scope="utility-cloud", gln=gln)
        assert answer.status_code in {200, 404}, answer.text
        return answer.json() if answer.status_code == 200 else None

    def log(self, gln: str = COSTED, **query: str) -> list[Any]:
        """What the log of an operator says of contract events; these tests' own questions are in it too."""
        entries = self.get(f"/api/v1/operators/{gln}/logs", **query)["items"]
        return [entry for entry in entries if entry["endpoint"] == self._topic]

    def get(self, path: str, **query: str) -> Any:
        """As the platform's administrator."""
        answer = self._http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, document: object) -> None:
        answer = self._http.put(path, json=document)
        assert answer.status_code in {200, 201}, answer.text

    def run_timer(self, name: str) -> None:
        assert self._http.post(f"/admin/functions/{name}", json={}).status_code == 202

    @contextmanager
    def storage_away(self) -> Iterator[None]:
        """Storage neither answers nor refuses."""
        pid = self.stack.runner.pids()[TABLES]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


def eventually[T](read: Callable[[], T], matches: Callable[[T], object]) -> T:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not matches(found := read()):
        assert time.monotonic() < deadline, found
        time.sleep(0.03)
    return found


def new_point() -> str:
    return f"7070575{uuid.uuid4().int % 10**11:011d}"


def new_tag() -> str:
    return uuid.uuid4().hex[:14].upper()


def new_gln() -> str:
    start = f"708{uuid.uuid4().int % 10**9:09d}"
    return next(start + last for last in "0123456789" if gln_fault(start + last) is None)


def contract(name: str, point: str, *, days_ago: float = 1, **fields: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    return event(name, at=at.isoformat(), point_Identification=point, contract_ContractID=f"C-{point}", **fields)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> WholeStack:
    """See `shared_stack`."""
    return shared_stack(request.config, tmp_path_factory)


@pytest.fixture(scope="module")
def events(stack: WholeStack) -> Iterator[Events]:
    with ServiceBusClient.from_connection_string(stack.stack.service_bus_connection) as client:
        made = Events(stack, client)
        yield made
        made.close()


@pytest.fixture(scope="module")
def published(events: Events) -> dict[str, str]:
    """Every sample, out of order, without application properties so that all get past the rule; then nothing waits."""
    samples = list(EVENTS)
    random.Random(7).shuffle(samples)  # noqa: S311  the same order each time
    ids = {path.stem: events.publish(path.read_bytes()) for path in samples}
    eventually(events.waiting, lambda waiting: not waiting)
    return ids


@pytest.mark.usefixtures("published")
def test_the_samples_end_in_their_drivers_whatever_the_order_in_which_they_were_published(events: Events) -> None:
    virtual = events.driver("707057500000000018")
    assert (virtual["status"], virtual["contractId"], virtual["product"]) == ("active", "C-1001", "LADEABO")
    (token,) = virtual["tokens"]
    assert (token["kind"], token["status"], token["validFrom"]) == ("virtual", "active", "2026-01-15T09:30:00Z")
    moved = events.driver("707057500000000025")
    assert (moved["status"], moved["siteId"]) == ("terminated", 4012)
    assert [(each["kind"], each["validFrom"], each["validTo"]) for each in moved["tokens"]] == [
        ("rfid", "2026-01-15T09:31:00Z", "2026-02-01T08:00:00Z"),
        ("rfid", "2026-02-01T08:00:00Z", "2026-02-02T08:00:00Z"),
        ("virtual", "2026-02-02T08:00:00Z", "2026-03-01T00:00:00Z"),
    ]
    assert {each["status"] for each in moved["tokens"]} == {"inactive"}
    assert events.driver("707057500000000032")["siteId"] == 4012
    assert events.driver("735999100000000016", gln=METERED)["tokens"][0]["uid"] == "A1B2C3D4E5F6"
    assert len(events.log(referenceId="707057500000000025")) == 4


@pytest.mark.parametrize(
    ("name", "gln", "message"),
    [
        (
            "poison-private-site-id",
            COSTED,
            "Payload.Contract.AccountingPoint.Details.PrivateSiteId: is not an integer: 'garage 7'",
        ),
        ("poison-unknown-gln", UNKNOWN_GLN, f"Header.TenantID: no operator with GLN {UNKNOWN_GLN} is set up here"),
    ],
)
def test_poison_ends_in_the_dead_letters_and_the_log_says_why_once(
    events: Events, published: dict[str, str], name: str, gln: str, message: str
) -> None:
    dead = events.dead_letters()[published[name]]
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    point = sample(name)["Payload"]["Contract"]["AccountingPoint"]["Identification"]
    (entry,) = events.log(gln, referenceId=point)
    assert entry["message"] == f"refused, moves to the dead-letter queue: {message}"
    assert (entry["action"], entry["direction"], entry["responseCode"]) == ("ContractEventRefused", "in", 422)
    assert entry["payload"] == sample(name)
    assert events.driver(point) is None


@pytest.mark.parametrize("name", ["ignored-other-event", "ignored-other-service-type"])
def test_what_is_ignored_leaves_nothing(events: Events, published: dict[str, str], name: str) -> None:
    point = sample(name)["Payload"]["Contract"]["AccountingPoint"]["Identification"]
    assert events.driver(point) is None
    assert events.log(text=point) == []
    assert published[name] not in events.dead_letters()


def test_what_is_no_json_is_told_to_the_platforms_administrators(events: Events) -> None:
    sent = events.publish(b"\xff\x00 no JSON " + uuid.uuid4().hex.encode())
    dead = eventually(events.dead_letters, lambda dead: sent in dead)[sent]
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    told = [entry for entry in events.get("/api/v1/logs")["items"] if "no JSON" in str(entry["payload"])]
    assert "body: is not JSON: it is not UTF-8" in told[0]["message"]


def test_the_events_name_may_stand_in_a_property_or_in_the_subject_too(events: Events) -> None:
    by_property, by_subject = new_point(), new_point()
    document = contract("ContractActivated", by_property)
    del document["Header"]["EventName"]
    events.publish(document, EventName="ContractActivated", ServiceType="ChargingAgreement")
    document = contract("ContractActivated", by_subject)
    del document["Header"]["EventName"]
    events.publish(document, subject="ContractActivated")
    for point in (by_property, by_subject):
        eventually(lambda point=point: events.driver(point), lambda driver: driver is not None)  # type: ignore[misc]  # bound at once
        assert [entry["action"] for entry in events.log(referenceId=point)] == ["ContractActivated"]


def test_events_during_a_storage_outage_of_three_seconds_are_carried_out_afterwards(events: Events) -> None:
    points = [new_point() for _ in range(5)]
    with events.storage_away():
        ended = time.monotonic() + 3
        sent = [events.publish(contract("ContractActivated", point)) for point in points]
        time.sleep(max(0.0, ended - time.monotonic()))
        assert {message.message_id for message in events.waiting()} >= set(sent)
    for point in points:
        eventually(lambda point=point: events.driver(point), lambda driver: driver is not None)  # type: ignore[misc]  # bound at once
        assert [entry["message"].split(";")[0] for entry in events.log(referenceId=point)] == ["driver created"]
    eventually(events.waiting, lambda waiting: not waiting)
    assert not events.dead_letters().keys() & set(sent)


def test_dead_letters_whose_reason_has_passed_are_carried_out_by_the_timer_and_the_others_stay(events: Events) -> None:
    holder, waiting, foreign, gln, tag = new_point(), new_point(), new_point(), new_gln(), new_tag()
    events.publish(contract("ContractActivated", holder, days_ago=3, details_Rfid=tag))
    eventually(lambda: events.driver(holder), lambda driver: driver is not None)
    taken = events.publish(contract("ContractActivated", waiting, days_ago=2, details_Rfid=tag.lower()))
    unknown = events.publish(contract("ContractActivated", foreign, header_TenantID=gln))
    hopeless = events.publish(contract("ContractActivated", new_point(), details_Rfid="0" * 21))
    eventually(events.dead_letters, lambda dead: {taken, unknown, hopeless} <= dead.keys())
    (told,) = events.log(referenceId=waiting)
    assert told["message"].endswith(f"Details.Rfid: {tag.lower()} is in use by driver {holder}")

    events.publish(contract("ContractTerminated", holder, days_ago=1))
    eventually(lambda: events.driver(holder), lambda driver: driver["status"] == "terminated")
    events.put(
        f"/api/v1/operators/{gln}",
        {
            "name": "Newcomer",
            "mode": "costed-transaction",
            "state": "live",
            "currency": "NOK",
            "timezone": "Europe/Oslo",
        },
    )
    events.run_timer("redrive_dead_letters")
    driver = eventually(lambda: events.driver(waiting), lambda driver: driver is not None)
    assert [(token["uid"], token["status"]) for token in driver["tokens"]] == [(tag.lower(), "active")]
    left = eventually(events.dead_letters, lambda dead: not {taken, unknown} & dead.keys())
    assert hopeless in left
    actions = [entry["action"] for entry in events.log(gln, referenceId=foreign)]
    assert actions == ["ContractActivated", "ContractEventRefused"]
