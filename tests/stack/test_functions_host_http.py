"""HTTP functions, timers and the host's own addresses, as a client sees them. No broker is there."""

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.stack.functions_host_sample.running_host import RunningHost, running_host


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    with running_host(log_folder=tmp_path_factory.mktemp("host")) as running:
        yield running


@pytest.fixture(scope="module")
def client(host: RunningHost) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=host.url, timeout=60) as opened:
        yield opened


def _until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def test_a_function_sees_the_whole_request(client: httpx.Client) -> None:
    seen = client.put(
        "/api/Echo/12/a/b%2Fc%20d?x=1&x=2&empty=&name=%C3%A6%26",
        headers=[("X-Twice", "a"), ("x-twice", "b"), ("Accept", "text/plain")],
        content=b"\x00\xff raw",
    ).json()

    assert seen["method"] == "PUT"
    assert seen["url"] == f"{client.base_url}/api/Echo/12/a/b%2Fc%20d?x=1&x=2&empty=&name=%C3%A6%26"
    assert seen["query"] == {"x": "1,2", "empty": "", "name": "æ&"}
    assert seen["route"] == {"number": "12", "rest": "a/b%2Fc d"}
    assert base64.b64decode(seen["body"]) == b"\x00\xff raw"
    assert seen["headers"]["accept"] == "text/plain"
    assert seen["headers"]["x-twice"].replace(" ", "") == "a,b"


def _chunks() -> Iterator[bytes]:
    yield b'{"half": '
    yield b"true}"


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ({"json": {"name": "Åse", "amount": 1.5}}, b'{"name":"\xc3\x85se","amount":1.5}'),
        ({"data": {"name": "Åse"}}, b"name=%C3%85se"),
        ({"content": _chunks()}, b'{"half": true}'),
        ({"content": b"x" * 1_000_000}, b"x" * 1_000_000),
        ({}, b""),
    ],
    ids=["json", "form", "chunked", "a megabyte", "none"],
)
def test_every_kind_of_body_arrives(client: httpx.Client, sent: dict[str, Any], received: bytes) -> None:
    seen = client.post("/api/echo/1", **sent).json()

    assert base64.b64decode(seen["body"]) == received
    assert seen["route"] == {"number": "1"}
    if "json" in sent:
        assert seen["json"] == sent["json"]
    if "data" in sent:
        assert seen["form"] == sent["data"]


def test_an_answer_keeps_its_status_headers_cookies_and_bytes(client: httpx.Client) -> None:
    content = bytes(range(256))

    answer = client.post("/api/bytes", content=content)

    assert answer.status_code == 201
    assert answer.content == content[::-1]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-kept"] == "yes"
    cookies = answer.headers.get_list("set-cookie")
    assert [cookie.split(";")[0] for cookie in cookies] == ["first=1", "second=2"]
    assert "HttpOnly" in cookies[0]
    assert "Secure" in cookies[1]


def test_an_answer_without_a_body_has_none(client: httpx.Client) -> None:
    answer = client.delete("/api/nothing")

    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/api/greet/Ola", 200, "hello Ola"),
        ("GET", "/api/greet", 200, "hello whoever you are"),
        ("GET", "/api/greet/everybody", 200, "hello all (GET)"),
        ("GET", "/API/GREET/EveryBody/", 200, "hello all (GET)"),
        ("HEAD", "/api/greet/everybody", 200, ""),
        ("GET", "/api/thread", 200, "GET without a loop of its own"),
        ("POST", "/api/greet/Ola", 404, ""),
        ("GET", "/greet/Ola", 404, ""),
        ("GET", "/api/echo/twelve", 404, ""),
        ("GET", "/", 404, ""),
        ("GET", "/admin/host/status", 200, '{"state": "Running"}'),
        ("GET", "/admin/elsewhere", 404, ""),
    ],
)
def test_a_request_reaches_its_function_or_nothing(
    client: httpx.Client, method: str, path: str, status: int, text: str
) -> None:
    answer = client.request(method, path)

    assert (answer.status_code, answer.text) == (status, text)


def test_a_failure_is_logged_and_not_told(host: RunningHost, client: httpx.Client) -> None:
    answer = client.post("/api/fail")

    assert (answer.status_code, answer.content) == (500, b"")
    _until(lambda: "RuntimeError: a detail that is nobody's business: POST" in host.log())
    lines = host.log().splitlines()
    told = [line for line in lines if "Function fail failed: RuntimeError(" in line]
    assert len(told) == 1
    assert "Native invocation failed" not in host.log()
    assert "Traceback" in lines[lines.index(told[0]) + 1]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /api/slow?seconds=0.0 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nnot all of it",
        b"GET /api/slow?seconds=0.3 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\x01\x02 no request at all\r\n\r\n",
    ],
    ids=["in the body", "while the handler runs", "nonsense"],
)
def test_a_client_that_hangs_up_harms_nobody(host: RunningHost, client: httpx.Client, sent: bytes) -> None:
    logged = len(host.log())
    with socket.create_connection(("127.0.0.1", host.port)) as connection:
        connection.sendall(sent)
    # It is answered later than the handler whose client has gone.
    assert client.get("/api/slow?seconds=0.4").text == "at last"

    assert "Traceback" not in host.log()[logged:]
    assert not [url for url in client.get("/api/seen").json()["slow"] if url.endswith("seconds=0.0")]


def test_handlers_run_side_by_side(client: httpx.Client) -> None:
    begun = time.monotonic()
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: client.get("/api/slow?seconds=0.4").text, range(16)))

    assert answers == ["at last"] * 16
    assert time.monotonic() - begun < 16 * 0.4  # what one after the other would take


def _timer_runs(client: httpx.Client) -> list[dict[str, Any]]:
    return list(client.get("/api/seen").json()["timers"])


def test_a_timer_runs_when_it_is_asked_to_and_never_twice_at_once(client: httpx.Client) -> None:
    before = len(_timer_runs(client))
    assert before == 0  # starting is no reason to run

    answers = [client.post("/admin/functions/Now_And_Then", json={}).status_code for _ in range(2)]

    assert answers == [202, 202]
    _until(lambda: [run["state"] for run in _timer_runs(client)[before:]] == ["ended", "ended"])
    first, second = _timer_runs(client)[before:]
    assert (first["others"], second["others"]) == (0, 0)
    assert first["pastDue"] is False
    assert first["schedule"] == {"AdjustForDST": True}
    assert set(first["schedule_status"]) == {"Last", "LastUpdated", "Next"}
    assert datetime.fromisoformat(first["schedule_status"]["Next"]) == datetime(2028, 2, 29, tzinfo=UTC)
    assert datetime.now(UTC) - datetime.fromisoformat(second["schedule_status"]["Last"]) < timedelta(seconds=10)


def test_a_message_can_be_given_by_hand(client: httpx.Client) -> None:
    given = ["plain text", {"Header": {"EventName": "Æ"}}]

    for each in given:
        assert client.post("/admin/functions/from_topic", json={"input": each}).status_code == 202

    def bodies() -> list[bytes]:
        return [base64.b64decode(message["body"]) for message in client.get("/api/seen").json()["messages"]]

    _until(lambda: len(bodies()) >= 2)
    assert bodies()[-2] == b"plain text"
    assert json.loads(bodies()[-1]) == given[1]


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("unknown", b"{}", 404),
        ("", b"{}", 404),
        ("greet", b"{}", 400),
        ("now_and_then", b"", 400),
        ("now_and_then", b"{not json", 400),
        ("now_and_then", b"[]", 400),
    ],
)
def test_a_run_that_cannot_be_asked_for_is_refused(
    client: httpx.Client, name: str, content: bytes, status: int
) -> None:
    assert client.post(f"/admin/functions/{name}", content=content).status_code == status


def test_a_timer_runs_on_its_schedule(tmp_path: Path) -> None:
    with (
        running_host(log_folder=tmp_path, settings={"SampleSchedule": "* * * * * *"}) as running,
        httpx.Client(base_url=running.url) as client,
    ):
        _until(lambda: len(_timer_runs(client)) >= 2)
        first, second = (datetime.fromisoformat(run["schedule_status"]["Next"]) for run in _timer_runs(client)[:2])

    assert second > first
    assert (second - first) % timedelta(seconds=1) == timedelta(0)  # a machine in trouble may leave out some
    assert first.microsecond == 0


def test_a_broker_that_is_not_there_is_said_once(host: RunningHost) -> None:
    _until(lambda: "Function from_topic cannot receive from contracts/connector" in host.log())
    _until(lambda: "Function from_queue cannot receive from deliveries" in host.log())

    assert host.log().count("cannot receive") == 2


def test_what_cannot_be_stopped_is_ended(tmp_path: Path) -> None:
    with running_host(log_folder=tmp_path) as running, ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(httpx.get, f"{running.url}/api/thread?seconds=60", timeout=60)
        _until(lambda: httpx.get(f"{running.url}/api/seen").json()["slow"])
        code = running.stop()

    assert waiting.result().is_error  # nobody waited until it was done
    assert code == 1
    assert "something did not stop in time" in running.log()


def test_what_runs_may_finish_when_it_stops(tmp_path: Path) -> None:
    with running_host(log_folder=tmp_path) as running, ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(httpx.get, f"{running.url}/api/slow?seconds=1", timeout=60)
        _until(lambda: httpx.get(f"{running.url}/api/seen").json()["slow"])
        code = running.stop()

    assert (code, waiting.result().text) == (0, "at last")
