"""Deliveries on the real stack: through faults of the other side, a broker that is away, and a host that dies."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from local.stack import FUNCTIONS, SERVICE_BUS
from tests.stack.whole_stack import COSTED, WholeStack, shared_stack, text


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> WholeStack:
    """See `shared_stack`."""
    return shared_stack(request.config, tmp_path_factory)


@pytest.fixture(scope="session")
def tag(stack: WholeStack) -> str:
    """The tag of a driver."""
    return stack.driver()[1]


def _stop(stack: WholeStack, tag: str) -> str:
    """A session stops and becomes a line."""
    session_id = str(uuid.uuid4().int % 10**12)
    ended = datetime.now(UTC) - timedelta(minutes=1)
    said = stack.say(
        {
            "chargerId": "NORDLYS_0007",
            "transactionId": session_id,
            "authorizedIdTag": tag,
            "action": "transaction_stop",
            "deviceTimeStampStart": text(ended - timedelta(hours=1)),
            "deviceTimeStampEnd": text(ended),
            "consumptionWh": 10_000,
        }
    )
    assert said["status"] == "settled"
    return session_id


def _delivered(stack: WholeStack, session_id: str, *, attempts: int | None = None) -> None:
    def timers() -> None:
        stack.run_timer()
        stack.run_timer("probe_blocked_operators")

    shown = stack.eventually(
        f"/api/v1/transactions/{session_id}",
        lambda found: found["delivery"]["state"] == "delivered",
        meanwhile=timers,
    )
    assert attempts is None or shown["delivery"]["attempts"] == attempts
    assert len(stack.arrived("transactions", session_id)) == 1


def test_each_line_arrives_once_whatever_the_other_side_does(stack: WholeStack, tag: str) -> None:
    faults = [
        {"kind": "status", "status": 503, "times": 2},
        {"kind": "status", "status": 500, "times": 1},
        {"kind": "status", "status": 401, "times": 2},
        {"kind": "cut-before-store", "times": 1},
        {"kind": "cut-after-store", "times": 1},
    ]
    sessions = []
    for fault in faults:
        stack.fault(target="invoice-line", gln=COSTED, method="POST", **fault)
        sessions.append(_stop(stack, tag))
        stack.eventually(
            f"/api/v1/transactions/{sessions[-1]}",
            lambda found: found["delivery"]["state"] not in {"pending", "sending"},
        )
    for session_id in sessions:
        _delivered(stack, session_id)


def test_a_refused_line_is_shown_and_sent_again_when_a_person_wants_it(stack: WholeStack, tag: str) -> None:
    stack.fault(target="invoice-line", kind="status", status=400, times=1, gln=COSTED)
    session_id = _stop(stack, tag)
    stack.eventually(f"/api/v1/transactions/{session_id}", lambda found: found["delivery"]["state"] == "rejected")
    route = f"/api/v1/operators/{COSTED}/deliveries"
    listed = stack.call("GET", f"{route}?state=rejected", scope="operator-admin").json()["items"]
    assert session_id in [item["transactionId"] for item in listed]
    assert stack.call("POST", f"{route}/{session_id}/retry", scope="operator-admin").status_code == 202
    _delivered(stack, session_id, attempts=2)


@pytest.mark.long
def test_while_the_broker_is_away_sessions_are_acknowledged_and_the_timer_delivers(stack: WholeStack, tag: str) -> None:
    stack.stack.runner.stop(SERVICE_BUS)
    try:
        session_id = _stop(stack, tag)
        route = f"/api/v1/operators/{COSTED}/deliveries/{session_id}/retry"
        assert stack.call("POST", route, scope="operator-admin").status_code == 202  # due now, not in 30 s
        _delivered(stack, session_id, attempts=1)
    finally:
        stack.stack.runner.start(SERVICE_BUS)
    _delivered(stack, _stop(stack, tag))


@pytest.mark.long
def test_a_host_that_is_killed_leaves_nothing_behind_that_the_next_one_does_not_deliver(
    stack: WholeStack, tag: str
) -> None:
    stack.fault(target="token", kind="delay", seconds=1, times=1, gln=COSTED)
    session_id = _stop(stack, tag)
    stack.stack.runner.kill(FUNCTIONS)
    stack.stack.runner.start(FUNCTIONS)
    path = f"/api/v1/transactions/{session_id}"
    shown = stack.call("GET", path, scope="utility-cloud").json()
    assert shown["delivery"]["state"] in {"pending", "sending", "delivered"}
    assert len(stack.arrived("transactions", session_id)) <= 1
    _delivered(stack, _stop(stack, tag))  # and life goes on
