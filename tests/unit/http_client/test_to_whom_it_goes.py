"""To whom requests go, and who is believed to be who they are."""

import ssl
from contextlib import aclosing
from pathlib import Path

import pytest
import trustme

from shared.http_client import HttpClient
from shared.http_requests import NotConnected
from tests.unit.http_client.asking import post
from tests.unit.http_client.names import Names
from tests.unit.http_client.raw_server import OK, raw_server, then_closed


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """Who certifies, and is believed, because the environment says so."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


def certified(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


async def test_a_name_is_certified_whatever_address_it_leads_to(authority: trustme.CA) -> None:
    async with (
        raw_server(OK, tls=certified(authority, "hooks.example.com")) as server,
        aclosing(HttpClient(allow_local=True, resolver=Names([["127.0.0.1"]]))) as client,
    ):
        url = f"https://hooks.example.com:{server.port}/a?b=c"
        assert (await post(client, url)).status == 201
        assert server.seen[0].line == "POST /a?b=c HTTP/1.1"
        assert server.seen[0].headers["host"] == f"hooks.example.com:{server.port}"
        assert server.tls_names == ["hooks.example.com"]
        with pytest.raises(NotConnected):  # the open connection is not that name's
            await post(client, url.replace("hooks", "other"))
        assert len(server.seen) == 1


async def test_nothing_goes_to_whom_nobody_certifies(client: HttpClient, authority: trustme.CA) -> None:
    for tls in (certified(trustme.CA(), "127.0.0.1"), certified(authority, "127.0.0.2")):
        async with raw_server(OK, tls=tls) as server:
            with pytest.raises(NotConnected):
                await post(client, f"https://127.0.0.1:{server.port}/")
            assert server.seen == []
    async with raw_server(OK, tls=certified(authority, "127.0.0.1")) as server:
        assert (await post(client, f"https://127.0.0.1:{server.port}/")).status == 201


async def test_a_connection_with_tls_is_kept_and_left_alone_once_the_server_has_closed_it(
    client: HttpClient, authority: trustme.CA
) -> None:
    async with raw_server(OK, OK, then_closed(OK), OK, tls=certified(authority, "127.0.0.1")) as server:
        url = f"https://127.0.0.1:{server.port}/"
        for _ in range(3):
            assert (await post(client, url)).status == 201
        assert server.connections == 1
        await server.closed.wait()
        assert (await post(client, url)).status == 201
        assert server.connections == 2


async def test_a_proxy_of_the_environment_is_used(client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(OK) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        assert (await post(client, "http://lines.example.com/a")).status == 201
        assert proxy.seen[0].line == "POST http://lines.example.com/a HTTP/1.1"
