"""Where a notice goes, and where it never goes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from shared.addresses import notice_address_fault
from shared.notices import NoticeSender, signature
from shared.operators.notice_settings import new_secret, secret_fault
from tests.unit.notices.receiver import streamed

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


async def sent(url: str, *places: str, local: bool = False, answer: Any = None, longest: float = 10) -> Any:
    """What came of it, and what was sent where."""
    got: list[httpx.Request] = []

    async def transport(request: httpx.Request) -> httpx.Response:
        got.append(request)
        answered: httpx.Response = await answer(request) if answer else httpx.Response(204, content=streamed())
        return answered

    async def resolve(host: str, port: int) -> list[str]:
        if not places:
            raise OSError(host)
        return list(places)

    async with httpx.AsyncClient(transport=httpx.MockTransport(transport), follow_redirects=True) as client:
        sender = NoticeSender(client=client, allow_local=local, resolve=resolve, longest=timedelta(seconds=longest))
        done = await sender.send(url=url, secret=SECRET, notice_id="notice_1", body=b"{}", at=NOW)
    return done, got


async def test_it_goes_to_the_very_address_that_was_looked_at_under_the_name_it_has() -> None:
    done, (request,) = await sent("https://hooks.example.com:8443/a?b=c", "2606:2800::1", "93.184.215.14")
    assert done.is_taken
    assert str(request.url) == "https://93.184.215.14:8443/a?b=c"
    assert request.headers["host"] == "hooks.example.com:8443"
    assert request.extensions["sni_hostname"] == "hooks.example.com"
    assert request.headers["connection"] == "close"
    assert request.headers["webhook-timestamp"] == str(int(NOW.timestamp()))


@pytest.mark.parametrize(
    "place",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "168.63.129.16",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
    ],
)
async def test_a_name_that_leads_into_our_own_network_is_not_sent_to(place: str) -> None:
    done, got = await sent("https://hooks.example.com/", "93.184.215.14", place)
    assert (done.status, got) == (None, [])
    assert "public internet" in done.detail


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
    done, got = await sent(url, "93.184.215.14")
    assert (done.status, got) == (None, [])


def test_http_goes_only_to_this_machine_and_only_where_that_is_allowed() -> None:
    assert notice_address_fault("http://127.0.0.1:7080/notices", local=True) is None
    assert notice_address_fault("http://hooks.example.com/", local=True) is not None
    assert notice_address_fault("HTTP://hooks.example.com/", local=True) is not None
    assert notice_address_fault("https://hooks.example.com/", local=False) is None


async def test_a_name_that_nobody_knows_is_told() -> None:
    done, got = await sent("https://hooks.example.com/")
    assert (done.status, done.detail, got) == (None, "not reached: OSError", [])


async def test_a_redirect_is_not_followed() -> None:
    async def redirect(request: httpx.Request) -> httpx.Response:
        return httpx.Response(307, headers={"location": "https://169.254.169.254/"}, content=streamed())

    done, got = await sent("https://hooks.example.com/", "93.184.215.14", answer=redirect)
    assert (done.status, done.is_taken, len(got)) == (307, False, 1)


async def test_an_answer_is_waited_for_no_longer_than_its_time_and_read_no_further_than_it_is_kept() -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    done, _ = await sent("https://hooks.example.com/", "93.184.215.14", answer=never, longest=0.05)
    assert (done.status, done.detail) == (None, "no answer within 0.05 s")
    parts_read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal parts_read
        while True:
            parts_read += 1
            yield b"x" * 1000

    async def talks(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=endless())

    done, _ = await sent("https://hooks.example.com/", "93.184.215.14", answer=talks)
    assert (done.is_taken, len(done.answer)) == (True, 2000)
    assert parts_read <= 4


async def test_an_answer_that_never_ends_or_breaks_off_is_an_answer() -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"half of"
        raise httpx.ReadError("the test says so")

    async def half(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=breaks())

    done, _ = await sent("https://hooks.example.com/", "93.184.215.14", answer=half)
    assert (done.status, done.answer) == (200, "half of")
