"""Nothing of a driver, a tag, a key, a secret or a body leaves with telemetry, whatever happens."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from azure.functions.servicebus import ServiceBusMessage

from functions import contract_events
from local.sandbox.demo_operators import DEMO_OPERATORS
from shared.contracts import PoisonEvent
from shared.operators import Scope
from shared.telemetry import span
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.delivery.progress import later
from tests.unit.sessions.platform_messages import CHARGER, GLN, stop_message, utc
from tests.unit.sessions.world import World
from tests.unit.telemetry.watched import Watched, attributes

TAG_MARK = "0MARKED0TAG0A1"
OWNER_MARK = "707057500000077777"
BODY_MARK = "marked-in-a-body"
ERROR_MARK = "marked-in-an-error"


async def _event(connected: World, tag: str, owner: str, **header: str) -> None:
    known = {"EventName": "ContractActivated", "TenantID": GLN, "ServiceType": "ChargingAgreement"}
    details = {"Rfid": tag}
    point = {"Identification": owner, "Details": details}
    product = {"ProductCode": "LADEABO", "Attributes": {"note": BODY_MARK}}
    document = {
        "Header": {**known, "EventID": "e-1", "Timestamp": "2026-01-10T00:00:00Z", **header},
        "Payload": {"Contract": {"ContractID": BODY_MARK, "Product": product, "AccountingPoint": point}},
    }
    message = ServiceBusMessage(
        body=json.dumps(document).encode(),
        application_properties={},
        user_properties={},
        message_id="m-1",
        enqueued_time_utc=connected.clock.now(),
    )
    door: Any = contract_events.contract_event
    await door._function.get_user_function()(message)


async def test_no_mark_of_a_day_with_everything_in_it_is_told(connected: World, watched: Watched) -> None:
    connected.wiring.dead_letters = DeadLettersInMemory()
    await _event(connected, TAG_MARK, OWNER_MARK)
    with pytest.raises(PoisonEvent):
        await _event(connected, TAG_MARK, "707057500000088888", EventID="e-2")  # somebody else's tag
    with pytest.raises(PoisonEvent):
        await _event(connected, TAG_MARK * 3, OWNER_MARK)
    stop = stop_message(authorizedIdTag=TAG_MARK, deviceTimeStampEnd=utc(connected.clock.now()))
    await connected.settled(stop | {"somethingElse": BODY_MARK})
    for tag in (TAG_MARK, f"{TAG_MARK}2"):
        await connected.say({"charger_id": CHARGER, "rfid_tag_id": tag})
    await connected.say({"what": BODY_MARK})
    await connected.fault(target="invoice-line", kind="cut-after-store", times=1)
    await connected.fault(target="invoice-line", kind="status", status=400, times=1)
    await later(connected, minutes=1)
    for hours in (1, 2):
        await later(connected, hours=hours)
    await connected.fault(target="invoice-line", kind="status", status=403, times=2)
    credit = {"reason": BODY_MARK}
    path = {"transactionId": "1032427936"}
    await connected.call("credit_transaction", scope=Scope.OPERATOR_ADMIN, path=path, body=credit)
    await later(connected, hours=3)
    await connected.restart()
    await connected.fault(target="token", kind="status", status=401, times=5)
    connected.wiring.dead_letters = DeadLettersInMemory()
    await connected.wiring.probing.run()
    await connected.wiring.measuring.run()
    await connected.wiring.background.settle()
    told = watched.everything()
    assert "1032427936" in told  # it was watched
    assert len(watched.log_records()) > 2
    outcomes = {attributes(each).get("outcome") for each in watched.spans()}
    assert {"poison", "settled", "allowed", "delivered", "blocked"} <= outcomes
    secrets = [each.client_secret for each in DEMO_OPERATORS] + list(connected.keys.values())
    for mark in (TAG_MARK, OWNER_MARK, "707057500000088888", BODY_MARK, *secrets):
        assert mark.lower() not in told.lower(), mark


async def test_what_the_platform_is_told_of_poison_is_in_nobodys_words(connected: World, watched: Watched) -> None:
    """It notes down why a function failed, in its own telemetry."""
    await _event(connected, TAG_MARK, OWNER_MARK)
    with pytest.raises(PoisonEvent, match=r"^Payload\.Contract\.AccountingPoint\.Details\.Rfid: ") as caught:
        await _event(connected, TAG_MARK, "707057500000088888", EventID="e-2")
    for mark in (TAG_MARK, OWNER_MARK, "707057500000088888"):
        assert mark not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)


async def test_of_an_error_its_words_are_left_out(watched: Watched) -> None:
    log = logging.getLogger("shared.something")
    with pytest.raises(ValueError, match=ERROR_MARK), span("contract-event"):
        raise ValueError(ERROR_MARK)
    log.warning("it failed", exc_info=ValueError(ERROR_MARK))
    assert ERROR_MARK not in watched.everything().replace("raise ValueError(ERROR_MARK)", "")
    [event] = watched.span("contract-event").events
    assert (event.attributes or {})["exception.type"] == "ValueError"
    assert "test_what_is_not_told.py" in str((event.attributes or {})["exception.stacktrace"])
    assert attributes(watched.span("contract-event")) == {"outcome": "ValueError"}


async def test_utility_cloud_is_sent_nothing_of_the_trace(connected: World, watched: Watched) -> None:
    sent: list[Mapping[str, str]] = []
    real = connected.client.request

    async def request(method: str, url: str, *, headers: Mapping[str, str], **more: Any) -> Any:
        sent.append(headers)
        return await real(method, url, headers=headers, **more)

    connected.client.request = request  # type: ignore[method-assign]  # what passes is only looked at
    await connected.settled()
    await connected.deliver_asked()
    assert watched.spans("send-line")
    assert [set(each) for each in sent] == [{"Authorization", "Accept", "Content-Type"}]
