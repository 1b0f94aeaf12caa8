"""What is known of an answer is true, and no more of it is read than is wanted: over real sockets."""

import gzip
import tracemalloc
from typing import Any

import pytest

from shared.http_client import HttpClient
from shared.http_requests import HttpAnswer, NoAnswer
from tests.unit.http_client.asking import answered, get, post
from tests.unit.http_client.raw_server import endless, raw_server, then_closed, with_body

# All of these are answers of a server that has taken the line.
BROKEN = {
    "length": b"Content-Length: 100\r\n\r\n{",
    "chunk": b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    "gzip": b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    "half of gzip": b"Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + gzip.compress(b"{" * 100)[:20],
}


@pytest.mark.parametrize("what", BROKEN)
async def test_a_body_that_breaks_off_leaves_the_status(client: HttpClient, what: str) -> None:
    async with raw_server(then_closed(b"HTTP/1.1 201 Created\r\nRetry-After: 7\r\n" + BROKEN[what])) as server:
        answer = await post(client, server.url)
    assert (answer.status, answer.retry_after, answer.is_whole) == (201, "7", False)


async def test_a_body_that_stops_coming_leaves_the_status(client: HttpClient) -> None:
    head = b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nabc"
    cases: tuple[tuple[dict[str, Any], float], ...] = (
        ({"longest_seconds": 15}, 16),
        ({"longest_reading_seconds": 1}, 2),
        ({}, 21),
    )
    for waited, after in cases:
        async with raw_server(head) as server:
            answer = await answered(server, post(client, server.url, **waited), after=after)
        assert answer == HttpAnswer(status=201, body=b"abc", is_whole=False)


async def test_a_body_until_the_end_of_the_connection_is_whole(client: HttpClient) -> None:
    for version in (b"HTTP/1.0", b"HTTP/1.1"):
        async with raw_server(then_closed(version + b" 200 OK\r\n\r\nabc")) as server:
            assert await post(client, server.url) == HttpAnswer(status=200, body=b"abc")


async def test_of_an_endless_body_no_more_is_read_than_is_wanted_and_the_connection_ends(client: HttpClient) -> None:
    async with raw_server(endless) as server:
        answer = await post(client, server.url, at_most=64_000)
        assert answer == HttpAnswer(status=200, body=b"x" * 64_000)
        await server.closed.wait()


async def test_a_little_that_unpacks_to_very_much_takes_no_memory(client: HttpClient) -> None:
    bomb = gzip.compress(bytes(200_000_000))
    async with raw_server(with_body(bomb, Content_Encoding="gzip")) as server:
        tracemalloc.start()
        answer = await post(client, server.url, at_most=64_000)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert answer == HttpAnswer(status=201, body=bytes(64_000))
    assert peak < 10_000_000


async def test_what_is_packed_is_unpacked_and_what_cannot_be_is_left_as_it_is(client: HttpClient) -> None:
    packed, strange = gzip.compress(b'{"a": 1}'), b"\x0b\x02\x80"
    async with raw_server(
        with_body(packed, Content_Encoding="gzip"), with_body(strange, Content_Encoding="br")
    ) as server:
        assert await get(client, server.url) == HttpAnswer(status=201, body=b'{"a": 1}')
        assert await get(client, server.url) == HttpAnswer(status=201, body=strange)
        assert server.seen[0].headers["accept-encoding"] == "gzip"


async def test_long_headers_and_many_of_them_are_taken_and_endless_ones_are_not(client: HttpClient) -> None:
    many = {f"X{number}": "1" for number in range(300)}
    async with raw_server(
        with_body(b"", X="a" * 60_000), with_body(b"", **many), with_body(b"", X="a" * 9_000_000)
    ) as server:
        assert (await post(client, server.url)).status == 201
        assert (await post(client, server.url)).status == 201
        with pytest.raises(NoAnswer):
            await post(client, server.url)
