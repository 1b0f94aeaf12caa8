"""The charging platform's messages over HTTP on the real stack: journeys, and all that can be wrong with a message."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stack.whole_stack import COSTED, METERED, WholeStack, shared_stack, text

EVENTS = "/api/v1/charging-events"
STARTED = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> WholeStack:
    """See `shared_stack`."""
    return shared_stack(request.config, tmp_path_factory)


def _session(tag: str) -> tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]:
    """An id, and the start, the measurements and the stop of that session: an hour, 12.345 kWh."""
    session_id = str(uuid.uuid4().int % 10**12)
    of = {"chargerId": "NORDLYS_0007", "socketId": 1, "transactionId": session_id, "siteId": "4012"}
    start = {
        **of,
        "authorizedIdTag": tag,
        "action": "transaction_start",
        "deviceTimeStamp": text(STARTED),
        "meterRead": 184_200,
    }
    measurement = {
        "deviceTimeStamp": text(STARTED + timedelta(minutes=30)),
        "value": "196.300",
        "typeOfMeasurement": "Energy.Active.Import.Register",
        "phase": None,
        "unit": "kWh",
    }
    measured = {**of, "timeStamp": text(STARTED + timedelta(minutes=31)), "measurements": [measurement]}
    stop = {
        **of,
        "authorizedIdTag": tag.lower(),
        "action": "transaction_stop",
        "deviceTimeStampStart": text(STARTED),
        "deviceTimeStampEnd": text(STARTED + timedelta(hours=1)),
        "meterReadStart": 184_200,
        "meterReadEnd": 196_545,
        "consumptionWh": 12_345,
    }
    return session_id, start, measured, stop


def test_a_priced_session_from_the_contract_to_the_line_at_utility_cloud(stack: WholeStack) -> None:
    owner, tag = stack.driver()
    session_id, start, measured, stop = _session(tag)
    stack.say({"chargerId": "NORDLYS_0007", "siteId": "4012", "status": "Available"})
    question = {"charger_id": "NORDLYS_0007", "rfid_tag_id": tag.lower()}
    assert stack.say(question) == {"charging_allowed": True, "rfid_tag_type": ""}
    assert stack.say(start) == {"status": "accepted"}
    assert stack.say(measured) == {"status": "accepted"}
    assert stack.say(stop) == {"transactionId": session_id, "status": "settled", "heldFor": None}
    shown = stack.eventually(
        f"/api/v1/transactions/{session_id}", lambda found: found["delivery"]["state"] == "delivered"
    )
    [line] = stack.arrived("transactions", session_id)
    assert line == {
        "transactionId": session_id,
        "transactionOwnerId": owner,
        "siteId": 4012,
        "authorizedTag": tag.lower(),
        "authorizedTagName": tag.lower(),
        "timestampStart": STARTED.isoformat().replace("+00:00", "Z"),
        "timestampEnd": (STARTED + timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
        "fullConsumptionKWh": 12.345,
        "currency": "NOK",
        "vatPercent": 25,
        "totalCostInclVat": 49.38,
        "totalCostExclVat": 39.5,
        "totalVat": 9.88,
    }
    assert {name: shown[name] for name in line} == line
    assert stack.say(stop)["status"] == "duplicate"
    assert stack.say({**stop, "consumptionWh": 12_346})["status"] == "conflict"
    assert len(stack.arrived("transactions", session_id)) == 1


def test_a_metered_session_from_the_contract_to_the_series_at_utility_cloud(stack: WholeStack) -> None:
    owner, tag = stack.driver(gln=METERED)
    session_id, start, measured, stop = _session(tag)
    for message in (start, measured):
        assert stack.say(message, gln=METERED) == {"status": "accepted"}
    assert stack.say(stop, gln=METERED)["status"] == "settled"
    shown = stack.eventually(
        f"/api/v1/transactions/{session_id}",
        lambda found: found["delivery"]["state"] == "delivered",
        gln=METERED,
    )
    [series] = stack.arrived("meter-values", session_id)
    assert (series["AccountingPointIdentifier"], series["TransactionId"]) == (owner, session_id)
    assert sum(Decimal(str(value["Value"])) for value in series["MeterValues"]) == Decimal("12.345")
    half = [value for value in series["MeterValues"] if value["EndTimestamp"] <= text(STARTED + timedelta(minutes=31))]
    assert sum(Decimal(str(value["Value"])) for value in half) > 10  # the reading in the middle says so
    assert "totalCostInclVat" not in shown
    assert stack.arrived("transactions", session_id) == []


def test_another_operators_key_sees_nothing_of_it(stack: WholeStack) -> None:
    _, tag = stack.driver()
    session_id, _, _, stop = _session(tag)
    assert stack.say(stop, gln=METERED)["heldFor"] == "unknown-token"  # a tag is one operator's
    assert stack.say(stop)["status"] == "settled"
    for gln, status in ((COSTED, 200), (METERED, 404)):
        path = f"/api/v1/transactions/{session_id}"
        assert stack.call("GET", path, scope="utility-cloud", gln=gln).status_code == status
    path = f"/api/v1/operators/{COSTED}/sessions/{session_id}"
    assert stack.call("GET", path, scope="operator-admin", gln=METERED).status_code == 404


def _is_a_problem(stack: WholeStack, answer: httpx.Response) -> None:
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    for key in stack.keys.values():
        assert key not in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"a": NaN}', 400),
        (b'{"a": 1, "a": 2}', 400),
        (b"[" * 5000, 400),
        (b'{"a": ' + b"9" * 400 + b"}", 400),
        (b'"\\ud800"', 400),
        (b"[]", 422),
        (b"null", 422),
        (b"{}", 422),
        (b'{"action": "transaction_stop"}', 422),
        (b'{"hello": "world", "clientSecret": "hunter2hunter2"}', 422),
        (b" " * 262_145, 413),
    ],
)
def test_what_is_refused_is_told_and_kept_for_later(stack: WholeStack, body: bytes, status: int) -> None:
    since = text(datetime.now(UTC))
    answer = stack.call("POST", EVENTS, scope="charging-platform", raw=body)
    assert answer.status_code == status, answer.text
    assert "hunter2" not in answer.text
    if status == 413:
        return
    _is_a_problem(stack, answer)
    path = f"/api/v1/operators/{COSTED}/logs?action=charging-event-refused&from={since}"
    [entry] = stack.call("GET", path, scope="operator-admin").json()["items"]
    assert (entry["direction"], entry["responseCode"]) == ("in", status)
    assert "hunter2" not in json.dumps(entry)
    if status == 400:
        assert entry["payload"] == body.decode(errors="replace")
    elif b"hunter2" not in body:
        assert entry["payload"] == json.loads(body)


def test_a_refused_message_can_be_said_again_once_it_is_mended(stack: WholeStack) -> None:
    _, tag = stack.driver()
    session_id, _, _, stop = _session(tag)
    broken = {**stop, "deviceTimeStampEnd": "yesterday"}
    answer = stack.call("POST", EVENTS, scope="charging-platform", body=broken)
    assert [fault["field"] for fault in answer.json()["errors"]] == ["deviceTimeStampEnd"]
    path = f"/api/v1/operators/{COSTED}/logs?action=charging-event-refused&text={session_id}"
    [entry] = stack.call("GET", path, scope="operator-admin").json()["items"]
    assert entry["payload"] == broken
    assert stack.say({**entry["payload"], "deviceTimeStampEnd": stop["deviceTimeStampEnd"]})["status"] == "settled"


@pytest.mark.parametrize("scope", ["utility-cloud", "operator-admin"])
def test_a_key_of_another_scope_tells_nothing(stack: WholeStack, scope: str) -> None:
    session_id, start, _, _ = _session("A")
    assert stack.call("POST", EVENTS, scope=scope, body=start).status_code == 403
    path = f"/api/v1/operators/{COSTED}/sessions/{session_id}"
    assert stack.call("GET", path, scope="operator-admin").status_code == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
ODD = JSON | st.sampled_from(
    [
        "",
        "1" * 5000,
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59Z",
        "\u0000",
        "a|b/c\\d#e?f",
        "-1",
        10**15,
        -1,
        1e300,
    ]
)


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_is_said_the_answer_is_no_fault_of_ours(stack: WholeStack, data: st.DataObject) -> None:
    session_id, *messages = _session("04A1B2C3D4")
    charger = f"fuzz-{session_id}"
    message = {**data.draw(st.sampled_from(messages)), "chargerId": charger}
    for name in data.draw(st.lists(st.sampled_from(sorted(message)), min_size=1, max_size=3)):
        if data.draw(st.booleans()):
            message.pop(name, None)
        else:
            message[name] = data.draw(ODD)
    answer = stack.call("POST", EVENTS, scope="charging-platform", body=message)
    assert answer.status_code in {200, 400, 422}, (message, answer.text)
    if answer.status_code == 200:
        return
    _is_a_problem(stack, answer)
    route = f"/api/v1/operators/{COSTED}"
    for path in (f"{route}/sessions/{session_id}", f"{route}/chargers/{charger}"):
        assert stack.call("GET", path, scope="operator-admin").status_code == 404, message  # nothing was stored


@settings(max_examples=40)
@given(document=JSON)
def test_whatever_json_is_said_the_answer_is_no_fault_of_ours(stack: WholeStack, document: object) -> None:
    answer = stack.call("POST", EVENTS, scope="charging-platform", body=document)
    _is_a_problem(stack, answer)


@settings(max_examples=40)
@given(body=st.binary(max_size=100))
def test_whatever_bytes_are_said_the_answer_is_no_fault_of_ours(stack: WholeStack, body: bytes) -> None:
    answer = stack.call("POST", EVENTS, scope="charging-platform", raw=body)
    _is_a_problem(stack, answer)
