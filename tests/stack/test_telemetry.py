"""Telemetry on the real stack: one trace from the stop to the delivered line, over the real broker and without it."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Condition

import pytest

from local.stack import SERVICE_BUS, running
from tests.stack.whole_stack import COSTED, PATIENCE_SECONDS, SETTINGS, WholeStack, text

UNDER_WAY = "0af7651916cd43dd8448eb211c80319c"
_SPAN = re.compile(
    r"telemetry: span (?P<name>\S+) .*trace=(?P<trace>\w{32}) span=(?P<id>\w{16})(?: in=(?P<parent>\w{16}))?"
)


class Printed:
    """What the stack's programs print."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._more = Condition()

    def write(self, _: str, line: str) -> None:
        """See `local.stack.Write`."""
        with self._more:
            self._lines.append(line)
            self._more.notify_all()

    def of(self, *parts: str) -> list[str]:
        """Lines that have all of these in them, as soon as there is one."""
        with self._more:
            assert self._more.wait_for(lambda: self._found(parts), PATIENCE_SECONDS), f"nothing with {parts}"
            return self._found(parts)

    def span(self, name: str, *parts: str) -> re.Match[str]:
        """The first span of that name with all of these in its line."""
        found = _SPAN.search(self.of(f"span {name} ", *parts)[0])
        assert found
        return found

    def _found(self, parts: tuple[str, ...]) -> list[str]:
        return [line for line in self._lines if all(part in line for part in parts)]


@pytest.fixture(scope="module")
def printed() -> Printed:
    """What is printed by `stack`."""
    return Printed()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, printed: Printed) -> Iterator[WholeStack]:
    """A stack of its own, which prints."""
    settings = SETTINGS | {"PrintTelemetry": "true"}
    state = tmp_path_factory.mktemp("stack")
    with running(state=state, in_memory_tables=True, settings=settings, write=printed.write) as started:
        whole = WholeStack(started)
        yield whole
        whole.close()


def _stop(stack: WholeStack) -> str:
    session_id = str(uuid.uuid4().int % 10**12)
    ended = datetime.now(UTC) - timedelta(minutes=1)
    message = {
        "chargerId": f"NORDLYS_{session_id}",
        "transactionId": session_id,
        "authorizedIdTag": stack.driver()[1],
        "action": "transaction_stop",
        "deviceTimeStampStart": text(ended - timedelta(hours=1)),
        "deviceTimeStampEnd": text(ended),
        "consumptionWh": 10_000,
    }
    assert stack.say(message)["status"] == "settled"
    return session_id


def _delivered(stack: WholeStack, session_id: str, meanwhile: Callable[[], object] = lambda: None) -> None:
    stack.eventually(
        f"/api/v1/transactions/{session_id}",
        lambda found: found["delivery"]["state"] == "delivered",
        meanwhile=meanwhile,
    )


def test_a_contract_event_and_a_line_over_the_broker_are_each_one_trace(stack: WholeStack, printed: Printed) -> None:
    session_id = _stop(stack)
    _delivered(stack, session_id)
    stop = printed.span("session-stop", f"reference={session_id}", "outcome=settled")
    delivery = printed.span("delivery", f"reference={session_id}", "outcome=delivered")
    sent = printed.span("send-line", f"trace={stop['trace']}")
    assert (stop["parent"], delivery["parent"], sent["parent"]) == (None, stop["id"], delivery["id"])
    assert delivery["trace"] == stop["trace"]
    assert printed.of("span contract-event ", "outcome=ContractActivated", f"gln={COSTED}")
    assert printed.of("metric connector.lines 1 {line}", "state=delivered", f"gln={COSTED}", "mode=costed-transaction")


def test_a_line_that_the_timer_delivers_while_the_broker_is_away_is_in_its_stops_trace(
    stack: WholeStack, printed: Printed
) -> None:
    stack.driver()
    stack.stack.runner.stop(SERVICE_BUS)
    try:
        session_id = _stop(stack)
        route = f"/api/v1/operators/{COSTED}/deliveries/{session_id}/retry"
        assert stack.call("POST", route, scope="operator-admin").status_code == 202  # due now, not in 30 s
        _delivered(stack, session_id, stack.run_timer)
    finally:
        stack.stack.runner.start(SERVICE_BUS)
    stop = printed.span("session-stop", f"reference={session_id}")
    delivery = printed.span("delivery", f"reference={session_id}", "outcome=delivered")
    assert (delivery["trace"], delivery["parent"]) == (stop["trace"], stop["id"])


def test_a_request_that_is_part_of_a_trace_goes_on_with_it(stack: WholeStack, printed: Printed) -> None:
    key = {"x-api-key": stack.keys[(COSTED, "charging-platform")]}
    answer = stack._http.post(
        "/api/v1/charging-events",
        json={"charger_id": "NORDLYS_0007", "rfid_tag_id": "NOBODYS"},
        headers=key | {"traceparent": f"00-{UNDER_WAY}-b7ad6b7169203331-01"},
    )
    assert answer.status_code == 200
    assert printed.span("authorization", f"trace={UNDER_WAY}")["parent"] == "b7ad6b7169203331"


def test_the_timer_measures(stack: WholeStack, printed: Printed) -> None:
    stack.run_timer("measure")
    assert printed.of("metric connector.measured 2 {operator}")
    assert printed.of("metric connector.dead_letters 0 {message} subscription=connector")
    assert printed.of("metric connector.operators.blocked 0 s", f"gln={COSTED}")
