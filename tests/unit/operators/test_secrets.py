"""Operators' secrets: both places keep the same contract, and neither tells a secret when it fails."""

import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from azure.core.credentials import AccessToken
from azure.keyvault.secrets.aio import SecretClient

from shared.faults import StorageUnavailable
from shared.operators import OperatorSecrets, SecretName, SecretUnavailable
from shared.storage.key_vault_secrets import KeyVaultSecrets
from shared.storage.local_secrets import LocalSecrets
from shared.storage.memory_rows import MemoryRows

GLN, OTHER = "7080000000005", "7080000000012"
CLIENT, PLATFORM = SecretName.ENTRA_CLIENT_SECRET, SecretName.CHARGING_PLATFORM_API_KEY
CHALLENGE = 'Bearer authorization="https://login.example/tenant", resource="https://vault.azure.net"'


class Vault:
    """What Key Vault's REST interface does with secrets, as far as it is used."""

    def __init__(self) -> None:
        self.kept: dict[str, list[str]] = {}
        self.status = 200

    async def answer(self, request: web.Request) -> web.Response:
        """One request."""
        if "Authorization" not in request.headers:
            return web.json_response({}, status=401, headers={"WWW-Authenticate": CHALLENGE})
        if self.status != 200:
            return web.json_response({"error": {"code": "X", "message": await request.text()}}, status=self.status)
        name, version = request.match_info["name"], request.match_info.get("version")
        versions = self.kept.setdefault(name, [])
        if request.method == "PUT":
            versions.append((await request.json())["value"])
            version = str(len(versions))
        if not version or int(version) > len(versions):
            return web.json_response({"error": {"code": "SecretNotFound"}}, status=404)
        identity = f"{request.url.origin()}/secrets/{name}/{version}"
        return web.json_response({"id": identity, "value": versions[int(version) - 1], "attributes": {}})


class Identity:
    """Has a token for whoever asks."""

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        """A token."""
        return AccessToken("token", int(time.time()) + 3600)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> "Identity":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[tuple[Vault, KeyVaultSecrets]]:
    """Key Vault, and the real SDK connected to it over https."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    kept, app = Vault(), web.Application()
    for path in ("/secrets/{name}", "/secrets/{name}/", "/secrets/{name}/{version}"):
        app.router.add_route("*", path, kept.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    async with SecretClient(
        f"https://localhost:{port}",
        Identity(),
        verify_challenge_resource=False,
        connection_verify=str(tmp_path / "ca.pem"),
        retry_total=0,
    ) as client:
        yield kept, KeyVaultSecrets(client=client)
    await runner.cleanup()


async def _keeps_the_contract(secrets: OperatorSecrets) -> None:
    first = await secrets.write(gln=GLN, name=CLIENT, secret="one")
    second = await secrets.write(gln=GLN, name=CLIENT, secret="two / ø")
    await secrets.write(gln=GLN, name=PLATFORM, secret="three")
    await secrets.write(gln=OTHER, name=CLIENT, secret="four")
    assert first != second
    assert await secrets.read(gln=GLN, name=CLIENT, version=first) == "one"
    assert await secrets.read(gln=GLN, name=CLIENT, version=second) == "two / ø"
    with pytest.raises(SecretUnavailable):
        await secrets.read(gln=OTHER, name=PLATFORM, version=second)


async def test_a_table_keeps_the_contract() -> None:
    await _keeps_the_contract(LocalSecrets(rows=MemoryRows()))


async def test_key_vault_keeps_the_contract(vault: tuple[Vault, KeyVaultSecrets]) -> None:
    kept, secrets = vault
    await _keeps_the_contract(secrets)
    assert set(kept.kept) == {
        f"operator-{GLN}-entra-client-secret",
        f"operator-{GLN}-charging-platform-api-key",
        f"operator-{OTHER}-entra-client-secret",
        f"operator-{OTHER}-charging-platform-api-key",
    }


@pytest.mark.parametrize("status", [403, 404, 503])
async def test_a_vault_that_refuses_is_told_without_the_secret(
    vault: tuple[Vault, KeyVaultSecrets], status: int
) -> None:
    kept, secrets = vault
    kept.status = status
    with pytest.raises(SecretUnavailable) as refused:
        await secrets.write(gln=GLN, name=CLIENT, secret="hunter2")
    assert "hunter2" not in str(refused.value)
    assert str(status) in str(refused.value)
    with pytest.raises(SecretUnavailable):
        await secrets.read(gln=GLN, name=CLIENT, version="1")


async def test_a_table_that_is_away_is_told_as_such() -> None:
    class Away(MemoryRows):
        async def read(self, **_: Any) -> None:
            raise StorageUnavailable(detail="gone")

        async def commit(self, **_: Any) -> dict[str, str]:
            raise StorageUnavailable(detail="gone")

    secrets = LocalSecrets(rows=Away())
    with pytest.raises(SecretUnavailable):
        await secrets.read(gln=GLN, name=CLIENT, version="1")
    with pytest.raises(SecretUnavailable):
        await secrets.write(gln=GLN, name=CLIENT, secret="x")
