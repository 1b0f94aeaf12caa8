"""A line's trace: from the stop to its arrival, over the queue, over failures, over hours."""

import json
from typing import Any

import azure.functions as func
import pytest
from azure.functions.servicebus import ServiceBusMessage
from opentelemetry.trace import SpanKind, StatusCode

from functions import charging_events, contract_events, deliveries
from shared.delivery import DeliveriesQueue, DeliveryState
from shared.operators import Scope
from shared.telemetry import traceparent, use_telemetry
from tests.unit.delivery.progress import delivery_of, later
from tests.unit.sessions.platform_messages import GLN, stop_message
from tests.unit.sessions.world import World
from tests.unit.telemetry.watched import Watched, attributes, parent_id, span_id, trace_id

SESSION = "1032427936"
UNDER_WAY = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = int("0af7651916cd43dd8448eb211c80319c", 16)


class Sender:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def send_messages(self, messages: list[Any]) -> None:
        """See `ServiceBusSender`."""
        self.sent += messages


class Context:
    """What the platform says of an invocation."""

    class trace_context:  # noqa: N801  as the platform calls it
        Traceparent = UNDER_WAY


def _over_the_queue(connected: World) -> Sender:
    sender = Sender()
    connected.wiring.dispatch = DeliveriesQueue(
        sender=sender,  # type: ignore[arg-type]  # all of it that is used
        background=connected.wiring.background,
    )
    connected.wiring.__dict__.pop("settlement")  # made anew, with this queue
    return sender


async def test_a_line_is_delivered_in_the_trace_of_its_stop(connected: World, watched: Watched) -> None:
    await connected.settled()
    await connected.deliver_asked()
    stop, delivery, sent = (watched.span(name) for name in ("session-stop", "delivery", "send-line"))
    assert {trace_id(each) for each in (stop, delivery, sent)} == {trace_id(stop)}
    assert (parent_id(stop), parent_id(delivery), parent_id(sent)) == (None, span_id(stop), span_id(delivery))
    assert attributes(stop) == {"gln": GLN, "reference": SESSION, "outcome": "settled"}
    assert attributes(delivery) == {"gln": GLN, "reference": SESSION, "outcome": "delivered"}
    assert sent.kind is SpanKind.CLIENT
    assert attributes(sent) == {"peer.service": "127.0.0.1", "status": "201"}
    assert parent_id(watched.span("get-token")) == span_id(delivery)
    assert {each.status.status_code for each in watched.spans()} == {StatusCode.UNSET}


async def test_a_line_that_the_timer_delivers_hours_later_goes_on_with_the_same_trace(
    connected: World, watched: Watched
) -> None:
    connected.asked.is_away = True
    await connected.settled()
    await connected.fault(target="invoice-line", kind="status", status=503, times=1)
    await later(connected, minutes=1)
    await connected.restart()
    await later(connected, hours=5)
    failed, arrived = watched.spans("delivery")
    assert [trace_id(failed), trace_id(arrived)] == [trace_id(watched.span("session-stop"))] * 2
    assert [attributes(each)["outcome"] for each in (failed, arrived)] == ["retrying", "delivered"]
    assert [each.status.status_code for each in (failed, arrived)] == [StatusCode.ERROR, StatusCode.UNSET]


async def test_that_a_line_is_not_there_yet_is_no_failure(connected: World, watched: Watched) -> None:
    await connected.fault(target="invoice-line", kind="cut-before-store", times=1)
    await connected.settled()
    await connected.deliver_asked()
    await later(connected, minutes=5)
    asked = watched.span("look-up-line")
    assert (attributes(asked)["status"], asked.status.status_code) == ("404", StatusCode.UNSET)
    cut_off, sent = watched.spans("send-line")
    assert [each.status.status_code for each in (cut_off, sent)] == [StatusCode.ERROR, StatusCode.UNSET]


async def test_the_message_that_asks_for_an_attempt_carries_the_trace(connected: World, watched: Watched) -> None:
    sender = _over_the_queue(connected)
    await connected.settled()
    await connected.wiring.background.settle()
    [message] = sender.sent
    stop = watched.span("session-stop")
    [(name, carried)] = message.application_properties.items()
    assert name == "traceparent"
    assert carried.startswith(f"00-{trace_id(stop):032x}-{span_id(stop):016x}-")
    assert (await delivery_of(connected)).traceparent == carried


async def test_without_telemetry_message_and_row_say_nothing(connected: World) -> None:
    sender = _over_the_queue(connected)
    await connected.settled()
    await connected.wiring.background.settle()
    assert sender.sent[0].application_properties is None
    assert (await delivery_of(connected)).traceparent is None


@pytest.mark.parametrize("written_by", [None, "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-00"])
async def test_a_line_of_a_release_that_knew_no_traces_goes_on_with_what_its_message_says(
    connected: World, watched: Watched, written_by: str | None
) -> None:
    telemetry = watched.telemetry
    use_telemetry(None)
    await connected.settled()
    use_telemetry(telemetry)
    await _deliver({} if written_by is None else {"traceparent": written_by})
    assert (await delivery_of(connected)).state is DeliveryState.DELIVERED
    assert parent_id(watched.span("delivery")) is None


async def test_a_message_that_carries_a_trace_is_believed_where_the_line_says_nothing(
    connected: World, watched: Watched
) -> None:
    telemetry = watched.telemetry
    use_telemetry(None)
    await connected.settled()
    use_telemetry(telemetry)
    await _deliver({"traceparent": UNDER_WAY})
    assert trace_id(watched.span("delivery")) == TRACE


async def test_a_stop_goes_on_with_what_the_platform_has_under_way(connected: World, watched: Watched) -> None:
    request = func.HttpRequest(
        "POST",
        "http://127.0.0.1/api/v1/charging-events",
        headers={"x-api-key": connected.keys[(GLN, Scope.CHARGING_PLATFORM)]},
        body=json.dumps(stop_message()).encode(),
    )
    await charging_events.charging_event(request, Context)
    assert trace_id(watched.span("session-stop")) == TRACE
    assert traceparent() is None


async def test_a_contract_event_goes_on_with_what_the_platform_has_under_way(
    connected: World, watched: Watched
) -> None:
    header = {"EventName": "InvoiceSent", "TenantID": GLN, "ServiceType": "Invoicing"}
    await _user_function(contract_events.contract_event)(_message({"Header": header}, message_id="m-1"), Context)
    told = watched.span("contract-event")
    assert (trace_id(told), attributes(told)) == (TRACE, {"reference": "m-1", "outcome": "ignored"})


async def _deliver(properties: dict[str, Any]) -> None:
    asked = {"gln": GLN, "sessionId": SESSION, "transactionId": SESSION}
    await _user_function(deliveries.deliver)(_message(asked, properties))


def _message(document: object, properties: dict[str, Any] | None = None, *, message_id: str = "m") -> ServiceBusMessage:
    return ServiceBusMessage(
        body=json.dumps(document).encode(),
        application_properties=properties or {},
        user_properties={},
        message_id=message_id,
    )


def _user_function(door: Any) -> Any:
    return door._function.get_user_function()
