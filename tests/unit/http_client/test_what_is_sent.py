"""What is sent, once and as it is, and whether anything was: over real sockets."""

import asyncio
import socket
from contextlib import ExitStack

import pytest

from shared.http_client import HttpClient
from shared.http_requests import HttpAnswer, NoAnswer, NotConnected, NotSendable
from tests.passing_time import turns
from tests.unit.http_client.asking import answered, post, soon_after
from tests.unit.http_client.raw_server import OK, RawServer, raw_server, silent, then_closed, with_body


async def test_a_body_arrives_byte_by_byte_on_one_connection(client: HttpClient) -> None:
    body = b'{"totalCostInclVat": 54.3800000000000000000001, "name": "\xc3\xa6"}'
    async with raw_server(OK, OK) as server:
        for _ in range(2):
            assert await post(client, f"{server.url}/lines", body) == HttpAnswer(status=201, body=b"{}")
        assert [each.body for each in server.seen] == [body, body]
        assert server.seen[0].line == "POST /lines HTTP/1.1"
        assert server.seen[0].headers["authorization"] == "Bearer t"
        assert server.connections == 1


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a%2fb/%41?x=%2F&y=a+b", "/a%2fb/%41?x=%2F&y=a+b"),
        ("/a/../b/./c", "/a/../b/./c"),
        ('/{id}|"x"^`\\?q=<y>', "/%7Bid%7D%7C%22x%22%5E%60%5C?q=%3Cy%3E"),
        ("?x=1", "/?x=1"),
        ("", "/"),
    ],
)
async def test_an_address_is_sent_as_it_is(client: HttpClient, path: str, sent: str) -> None:
    async with raw_server(OK) as server:
        await post(client, server.url + path)
        assert server.seen[0].line == f"POST {sent} HTTP/1.1"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:99999/",
        "gopher://127.0.0.1/",
        "http://[::1",
        "http://" + "a" * 70,
        "http://",
        "lines",
        "http://127.000.000.1/",
    ],
)
async def test_where_there_is_no_such_address_nothing_is_sent(client: HttpClient, url: str) -> None:
    with pytest.raises(NotSendable):
        await post(client, url)


async def test_where_nobody_listens_or_no_name_leads_nothing_is_sent(client: HttpClient) -> None:
    for url in ("http://127.0.0.1:9/", "http://nobody.invalid/"):
        with pytest.raises(NotConnected):
            await post(client, url)


async def test_a_connection_that_is_not_made_in_time_is_none(client: HttpClient) -> None:
    with ExitStack() as sockets:
        full = sockets.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # beyond what the system keeps waiting, it does not answer
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        connecting = asyncio.create_task(post(client, f"http://127.0.0.1:{full.getsockname()[1]}/"))
        await turns()
        with pytest.raises(NotConnected):
            await soon_after(6, connecting)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 20", OK[:40], b"SSH-2.0 hello\r\n"])
async def test_what_was_sent_and_not_answered_may_have_arrived(client: HttpClient, answer: bytes) -> None:
    async with raw_server(then_closed(answer)) as server:
        with pytest.raises(NoAnswer):
            await post(client, server.url)
        assert len(server.seen) == 1


@pytest.mark.parametrize(("longest", "after"), [(15, 16), (30, 21)])
async def test_an_answer_is_waited_for_so_long_and_silence_for_twenty_seconds(
    client: HttpClient, longest: float, after: float
) -> None:
    async with raw_server(silent) as server:
        with pytest.raises(NoAnswer):
            await answered(server, post(client, server.url, longest_seconds=longest), after=after)


async def test_whose_own_patience_ends_sooner_is_told_so(client: HttpClient) -> None:
    async with raw_server(silent) as server:

        async def impatient() -> HttpAnswer:
            async with asyncio.timeout(5):
                return await post(client, server.url)

        with pytest.raises(TimeoutError):
            await answered(server, impatient(), after=6)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_request_is_made_once_also_where_the_connection_breaks(client: HttpClient, method: str) -> None:
    async with raw_server(OK, then_closed(b""), then_closed(b"")) as server:
        await post(client, server.url)
        with pytest.raises(NoAnswer):
            await client.request(method, server.url, headers={}, longest_seconds=30, at_most=10)
        assert (len(server.seen), server.connections) == (2, 1)


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used(client: HttpClient) -> None:
    async with raw_server(*[then_closed(OK)] * 20) as server:
        for _ in range(20):
            server.closed.clear()
            assert (await post(client, server.url)).status == 201
            await server.closed.wait()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer(client: HttpClient, status: int) -> None:
    async with raw_server(f"HTTP/1.1 {status} Go\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n".encode()) as server:
        assert (await post(client, server.url)).status == status
        assert len(server.seen) == 1


async def test_a_change_of_protocol_is_no_answer(client: HttpClient) -> None:
    async with raw_server(b"HTTP/1.1 101 Up\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc") as server:
        with pytest.raises(NoAnswer):
            await post(client, server.url)


async def test_no_cookie_is_kept(client: HttpClient) -> None:
    async with raw_server(with_body(b"", Set_Cookie="a=b; Path=/"), OK) as server:
        await post(client, server.url)
        await post(client, server.url)
        assert "cookie" not in server.seen[1].headers


async def test_a_header_cannot_become_two(client: HttpClient) -> None:
    async with raw_server(OK) as server:
        with pytest.raises(NoAnswer):
            await post(client, server.url, headers={"x-api-key": "a\r\nb: c"})
        assert server.seen == []


async def test_hundreds_at_once_each_have_their_own_answer(client: HttpClient) -> None:
    async def echo(server: RawServer, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(with_body(server.seen[-1].body))

    async with raw_server() as server:
        server.answers = [lambda reader, writer: echo(server, reader, writer)] * 300
        answers = await asyncio.gather(*(post(client, server.url, str(number).encode()) for number in range(300)))
    assert [each.body for each in answers] == [str(number).encode() for number in range(300)]
