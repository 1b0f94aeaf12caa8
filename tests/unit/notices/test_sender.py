"""Where a notice goes, and where it never goes."""

from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from shared.addresses import notice_address_fault
from shared.http_client import HttpClient
from shared.http_requests import HttpAnswer
from shared.notices import NoticeSender, signature
from shared.notices.sender import Sent
from shared.operators.notice_settings import new_secret, secret_fault
from tests.unit.http_client.asking import answered
from tests.unit.http_client.names import Names
from tests.unit.http_client.raw_server import RawServer, endless, raw_server, silent, then_closed

NOW = datetime(2026, 3, 1, 12, 0, 0, 654321, tzinfo=UTC)
SECRET = new_secret()


@given(body=st.text().filter(str.isprintable), notice_id=st.from_regex(r"[a-z0-9_]{1,40}", fullmatch=True))
def test_the_signature_is_that_of_standard_webhooks(body: str, notice_id: str) -> None:
    expected = Webhook(SECRET).sign(notice_id, NOW, body)
    assert signature(secret=SECRET, notice_id=notice_id, at=NOW, body=body.encode()) == expected


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_????", "whsec_" + "A" * 28, "A" * 44, "whsec_" + "A" * 100])
def test_what_is_no_secret_is_told(text: str) -> None:
    assert secret_fault(text) is not None
    assert secret_fault(SECRET) is None


@dataclass
class Accepting:
    """Everybody else: remembers what was asked of the client and takes it."""

    got: list[dict[str, Any]] = field(default_factory=list)

    async def request(self, method: str, url: str, **how: Any) -> HttpAnswer:
        """See `HttpRequests`."""
        self.got.append({"method": method, "url": url, **how})
        return HttpAnswer(status=204)


async def sent(url: str) -> Any:
    """What came of it, and what was asked of the client."""
    client = Accepting()
    sender = NoticeSender(client=client, allow_local=False)
    done = await sender.send(url=url, secret=SECRET, notice_id="notice_1", body=b"{}", at=NOW)
    return done, client.got


async def sent_by(resolver: Names) -> Sent:
    """What came of it with the real client, where names lead to what `resolver` says."""
    async with aclosing(HttpClient(allow_local=False, resolver=resolver)) as client:
        sender = NoticeSender(client=client, allow_local=False)
        return await sender.send(
            url="https://hooks.example.com/", secret=SECRET, notice_id="notice_1", body=b"{}", at=NOW
        )


async def test_what_is_sent() -> None:
    done, (request,) = await sent("https://hooks.example.com:8443/a?b=c")
    assert done.is_taken
    assert (request["method"], request["url"]) == ("POST", "https://hooks.example.com:8443/a?b=c")
    assert request["body"] == b"{}"
    assert request["headers"]["webhook-timestamp"] == str(int(NOW.timestamp()))


async def test_a_name_that_leads_into_our_own_network_is_not_sent_to() -> None:
    done = await sent_by(Names([["169.254.169.254"]]))
    assert (done.status, done.detail) == (None, "not sent: hooks.example.com does not lead to the public internet")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "http://127.0.0.1:7080/",
        "https://127.0.0.1/",
        "https://169.254.169.254/metadata",
        "https://[::ffff:10.0.0.1]/",
        "https://2130706433/",
        "https://localhost/",
        "https://user:password@hooks.example.com/",
        "ftp://hooks.example.com/",
    ],
)
async def test_an_address_that_is_none_is_refused_when_it_is_put_and_when_it_is_sent_to(url: str) -> None:
    assert notice_address_fault(url, local=False) is not None
    done, got = await sent(url)
    assert (done.status, got) == (None, [])


def test_http_goes_only_to_this_machine_and_only_where_that_is_allowed() -> None:
    assert notice_address_fault("http://127.0.0.1:7080/notices", local=True) is None
    assert notice_address_fault("http://hooks.example.com/", local=True) is not None
    assert notice_address_fault("HTTP://hooks.example.com/", local=True) is not None
    assert notice_address_fault("https://hooks.example.com/", local=False) is None


async def test_a_name_that_nobody_knows_is_told() -> None:
    async with aclosing(HttpClient(allow_local=False)) as client:
        sender = NoticeSender(client=client, allow_local=False)
        done = await sender.send(
            url="https://hooks.example.invalid/", secret=SECRET, notice_id="notice_1", body=b"{}", at=NOW
        )
    assert (done.status, done.detail) == (None, "not reached: NotConnected")


async def sent_to(server: RawServer, *, after: float = 0) -> Sent:
    """What came of it at a server on this machine, where that is allowed, after so many seconds."""
    async with aclosing(HttpClient(allow_local=True)) as client:
        sender = NoticeSender(client=client, allow_local=True)
        sending = sender.send(url=server.url, secret=SECRET, notice_id="notice_1", body=b"{}", at=NOW)
        return await answered(server, sending, after=after)


async def test_a_redirect_is_not_followed() -> None:
    async with raw_server(b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n") as server:
        done = await sent_to(server)
    assert (done.status, done.is_taken, len(server.seen)) == (307, False, 1)


async def test_an_answer_is_waited_for_no_longer_than_its_time() -> None:
    async with raw_server(silent) as server:
        done = await sent_to(server, after=11)
    assert (done.status, done.detail) == (None, "no answer within 10 s")


async def test_a_connection_that_breaks_is_told() -> None:
    async with raw_server(then_closed(b"")) as server:
        done = await sent_to(server)
    assert (done.status, done.detail) == (None, "not reached: NoAnswer")


async def test_an_answer_is_read_no_further_than_it_is_kept() -> None:
    async with raw_server(endless) as server:
        done = await sent_to(server)
    assert (done.is_taken, done.answer) == (True, "x" * 2000)


@pytest.mark.parametrize("after", [0, 2])
async def test_an_answer_that_breaks_off_or_stops_coming_is_an_answer(after: float) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of"
    async with raw_server(half if after else then_closed(half)) as server:
        done = await sent_to(server, after=after)
    assert (done.status, done.answer) == (200, "half of")
