"""The sweep on the real stack: what was never notified is found by the timer, and sites are taken over."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from local.sandbox.demo_operators import platform_api_key
from tests.stack.whole_stack import COSTED, WholeStack, shared_stack, text

ROUTE = f"/api/v1/operators/{COSTED}"


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> WholeStack:
    """See `shared_stack`."""
    return shared_stack(request.config, tmp_path_factory)


@pytest.fixture(scope="session")
def tag(stack: WholeStack) -> str:
    """The tag of a driver whose operator's charging platform can be asked."""
    operator = stack.call("GET", ROUTE, scope="operator-admin").json()
    platform = {
        "sessionsUrl": f"{stack.stack.sandbox_url}/api/v2/cpo/charging-sessions/query",
        "sitesUrl": f"{stack.stack.sandbox_url}/api/v2/cpo/sites",
        "apiKey": platform_api_key(COSTED),
    }
    answer = stack.call("PUT", ROUTE, scope="operator-admin", body={**operator, "chargingPlatform": platform})
    assert answer.status_code == 200, answer.text
    return stack.driver()[1]


def _stop(tag: str, *, hours_ago: float) -> dict[str, Any]:
    ended = datetime.now(UTC) - timedelta(hours=hours_ago)
    return {
        "chargerId": f"SWEPT_{uuid.uuid4().hex[:8]}",
        "transactionId": uuid.uuid4().hex,
        "authorizedIdTag": tag,
        "action": "transaction_stop",
        "deviceTimeStampStart": text(ended - timedelta(hours=1)),
        "deviceTimeStampEnd": text(ended),
        "consumptionWh": 10_000,
    }


def _known(stack: WholeStack, message: dict[str, Any]) -> str:
    """The platform knows the session, and notifies nobody."""
    order = {"gln": COSTED, "message": message}
    assert httpx.post(f"{stack.stack.sandbox_url}/_sandbox/sessions", json=order, trust_env=False).status_code == 201
    return str(message["transactionId"])


def test_missed_sessions_become_lines_once_and_their_twins_none(stack: WholeStack, tag: str) -> None:
    notified = _stop(tag, hours_ago=2)
    assert stack.say(notified)["status"] == "settled"
    missed = [_stop(tag, hours_ago=hours) for hours in (3, 4, 5)]
    ids = [_known(stack, message) for message in missed]
    twin = _known(stack, notified | {"transactionId": uuid.uuid4().hex})
    for _ in range(2):
        stack.run_timer("sweep_missed_sessions")
    for session_id in ids:
        stack.eventually(
            f"/api/v1/transactions/{session_id}",
            lambda found: found["delivery"]["state"] == "delivered",
            meanwhile=stack.run_timer,
        )
        assert len(stack.arrived("transactions", session_id)) == 1
    listed = stack.eventually(
        f"{ROUTE}/sessions?status=conflict",
        lambda found: twin in [each["sessionId"] for each in found["items"]],
        scope="operator-admin",
    )["items"]
    (conflict,) = [each for each in listed if each["sessionId"] == twin]
    assert conflict["twin"]["sessionId"] == notified["transactionId"]
    late = missed[0] | {"transactionId": uuid.uuid4().hex}
    assert stack.say(late)["status"] == "conflict"
    assert stack.arrived("transactions", twin) == stack.arrived("transactions", late["transactionId"]) == []


def test_sites_are_taken_over_on_demand(stack: WholeStack, tag: str) -> None:
    sites = [{"id": 501, "name": "Harbour"}, {"id": 502, "name": "Pier", "parentSiteId": 501}]
    order = {"gln": COSTED, "sites": sites}
    assert httpx.put(f"{stack.stack.sandbox_url}/_sandbox/sites", json=order, trust_env=False).status_code == 200
    answer = stack.call("POST", f"{ROUTE}/sites/take-over", scope="operator-admin")
    assert (answer.status_code, answer.json()["added"]) == (200, [501, 502])
    shown = stack.call("GET", f"{ROUTE}/sites/502", scope="operator-admin").json()
    assert (shown["name"], shown["parentSiteId"], shown["learned"]) == ("Pier", 501, True)
    again = stack.call("POST", f"{ROUTE}/sites/take-over", scope="operator-admin").json()
    assert (again["sites"], again["added"], again["changed"]) == (2, [], [])
