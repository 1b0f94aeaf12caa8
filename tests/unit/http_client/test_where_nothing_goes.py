"""Outside of a developer's machine nothing is connected to that is not on the public internet: on real sockets."""

import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared.addresses import LeadsInside, address_fault, leads_outside, socket_outside
from shared.http_client import HttpClient
from shared.http_requests import NotAllowed, NotConnected
from tests.unit.http_client.asking import get, post
from tests.unit.http_client.names import Names
from tests.unit.http_client.raw_server import OK, raw_server

INSIDE = {
    "this machine": "127.0.0.1",
    "this machine, elsewhere": "127.255.255.254",
    "any address of this machine": "0.0.0.0",
    "class A": "10.1.2.3",
    "class B": "172.16.0.1",
    "class C": "192.168.1.1",
    "link-local: Azure's metadata": "169.254.169.254",
    "Azure's own services": "168.63.129.16",
    "carriers' NAT": "100.64.0.1",
    "for protocols": "192.0.0.8",
    "for documents": "203.0.113.1",
    "for benchmarks": "198.18.0.1",
    "multicast": "224.0.1.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6: this machine": "::1",
    "v6: any address of this machine": "::",
    "v6: link-local": "fe80::1",
    "v6: site-local": "fec0::1",
    "v6: private": "fd00::1",
    "v6: private, the other half": "fc00::1",
    "v6: multicast": "ff0e::1",
    "v6: for documents": "2001:db8::1",
    "v6: discarded": "100::1",
    "mapped v4": "::ffff:169.254.169.254",
    "mapped v4 of Azure": "::ffff:168.63.129.16",
    "compatible v4": "::169.254.169.254",
    "translated v4": "::ffff:0:169.254.169.254",
    "NAT64": "64:ff9b::a9fe:a9fe",
    "NAT64, local": "64:ff9b:1::a9fe:a9fe",
    "6to4": "2002:a9fe:a9fe::1",
    "Teredo": "2001:0:a9fe:a9fe::1",
}
OUTSIDE = ["93.184.215.14", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:2800:220:1::1", "2a00:1450::1"]


@asynccontextmanager
async def names(*addresses: list[str], allow_local: bool = False) -> AsyncIterator[tuple[HttpClient, Names]]:
    """A client for which every name has these addresses."""
    resolver = Names(list(addresses))
    client = HttpClient(allow_local=allow_local, resolver=resolver)
    try:
        yield client, resolver
    finally:
        await client.aclose()


@pytest.mark.parametrize("address", INSIDE.values(), ids=INSIDE.keys())
async def test_a_name_that_leads_inside_is_not_connected_to(address: str) -> None:
    async with names([address]) as (client, _):
        with pytest.raises(NotAllowed, match=r"lines\.example\.com does not lead to the public internet"):
            await post(client, "https://lines.example.com/")


@pytest.mark.parametrize("address", INSIDE.values(), ids=INSIDE.keys())
async def test_an_address_that_lies_inside_is_not_connected_to(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    async with names() as (client, resolver):
        with pytest.raises(NotAllowed, match="public internet"):
            await post(client, f"https://{host}/")
        assert resolver.asked == []
    assert address_fault(f"https://{host}/", local=False) is not None


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_lies_outside_has_a_socket(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    socket_outside((family, socket.SOCK_STREAM, 0, "", (address, 443))).close()
    assert leads_outside(ipaddress.ip_address(address))


async def test_what_listens_inside_is_not_even_connected_to() -> None:
    async with raw_server(OK, OK) as server:
        url = f"http://lines.example.com:{server.port}/"
        async with names(["127.0.0.1"], allow_local=True) as (client, resolver):
            assert (await post(client, url)).status == 201  # it would be reached
            assert resolver.asked == ["lines.example.com"]
        async with names(["127.0.0.1"]) as (client, _):
            with pytest.raises(NotAllowed):
                await post(client, url.replace("http:", "https:"))
        assert server.connections == 1


async def test_all_addresses_of_a_name_that_lie_inside_are_refused_as_one_is() -> None:
    async with names(["10.0.0.1", "fd00::1", "127.0.0.1"]) as (client, _):
        with pytest.raises(NotAllowed):
            await get(client, "https://lines.example.com/")


async def test_a_name_that_is_bound_anew_is_looked_at_where_it_leads_then() -> None:
    """There is no look before the one at the address that is connected to, so nothing can change in between."""
    async with names(["127.0.0.1"], ["93.184.215.14"]) as (client, resolver):
        with pytest.raises(NotAllowed):
            await post(client, "https://lines.example.com/")
        assert resolver.asked == ["lines.example.com"]


async def test_a_connection_that_is_kept_is_not_looked_at_again() -> None:
    async with (
        raw_server(OK, OK, OK) as server,
        names(["127.0.0.1"], ["10.0.0.1"], allow_local=True) as (client, resolver),
    ):
        for _ in range(3):
            await post(client, f"http://lines.example.com:{server.port}/")
        assert (len(resolver.asked), server.connections) == (1, 1)


@pytest.mark.parametrize(
    "url", ["http://93.184.215.14/", "http://lines.example.com/", "https://me:pw@lines.example.com/"]
)
async def test_nothing_goes_without_tls_or_with_a_password_in_the_address(url: str) -> None:
    async with names(["93.184.215.14"]) as (client, resolver):
        with pytest.raises(NotAllowed, match="the address must"):
            await post(client, url)
        assert resolver.asked == []


@pytest.mark.parametrize("url", ["https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://localhost./"])
async def test_odd_spellings_of_this_machine_are_not_connected_to(url: str) -> None:
    async with names(["127.0.0.1"]) as (client, _):
        with pytest.raises(NotConnected):
            await post(client, url)


async def test_a_proxy_of_the_environment_must_lie_outside_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(OK) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        async with names(["93.184.215.14"]) as (client, _):
            with pytest.raises(NotAllowed, match=r"127\.0\.0\.1 does not lead to the public internet"):
                await post(client, "https://lines.example.com/")
        assert proxy.connections == 0


def test_a_socket_for_what_lies_inside_is_never_made() -> None:
    with pytest.raises(LeadsInside):
        socket_outside((socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("fe80::1%lo", 443, 0, 1)))
